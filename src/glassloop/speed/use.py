"""What this process and its workers have used: processor time and memory. None where the system does not say."""

from __future__ import annotations

import os
import sys
import time
from multiprocessing import active_children
from pathlib import Path

MIB = 2**20


def cpu_seconds() -> float | None:
    """Processor time since the start, in all threads and in the workers that are alive."""
    workers = [child.pid for child in active_children()]
    try:
        return time.process_time() + sum(_cpu_of(pid) for pid in workers if pid)
    except OSError:  # no /proc: fine as long as there are no workers
        return None


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime and stime


def peak_mib() -> float | None:
    """The most memory that this process held at once."""
    try:  # ru_maxrss may be that of the process which started this one
        return _status("VmHWM")
    except OSError:
        pass
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (MIB if sys.platform == "darwin" else 1024)


def held_mib() -> float | None:
    """The memory that this process holds now."""
    try:
        return _status("VmRSS")
    except OSError:
        return peak_mib()


def workers_mib() -> float | None:
    """What the workers hold for themselves, without the pages that they share with this process."""
    workers = [child.pid for child in active_children()]
    try:
        return sum(_private(pid) for pid in workers if pid)
    except OSError:
        return None if workers else 0.0


def _private(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def available_mib() -> float | None:
    """The memory that could be had."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES") / MIB
    except (AttributeError, ValueError, OSError):
        return None
