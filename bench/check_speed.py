"""What check costs: CPU a file over trees of Python files, and a cold start.

    python bench/check_speed.py [FOLDER ...] [--files N]

Without folders: the standard library and site-packages of this interpreter. With `--files`, a copy of so many of a
folder's files, taken evenly from all of it, is checked in its place. CPU time of this process, which does all of it (not
wall time: machines are shared), once over everything; the cold start is the median of n fresh interpreters, each beside
one that only starts, so that the cost of Python itself can be told apart.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

from glassloop.check import check_paths
from glassloop.source.files import files_of


def cpu_of(code: str) -> float:
    """Seconds of CPU that a fresh interpreter spends on `code`."""
    probe = f"{code}; import resource as r; u = r.getrusage(r.RUSAGE_SELF); print(u.ru_utime + u.ru_stime)"
    result = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    return float(result.stdout.split()[-1])


def cold_start(script: Path, n: int) -> dict[str, float]:
    """Median wall seconds from nothing to findings in one small script, and of an interpreter that does nothing."""
    check = f"from glassloop.check import check_paths; check_paths([{str(script)!r}])"
    walls: dict[str, list[float]] = {"check": [], "python": []}
    for _ in range(n):
        for name, code in (("check", check), ("python", "pass")):
            begin = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            walls[name].append(time.perf_counter() - begin)
    return {name: statistics.median(times) for name, times in walls.items()} | {"cpu": cpu_of(check), "n": n}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*")
    parser.add_argument("--files", type=int, default=0, help="of each folder; 0: all")
    parser.add_argument("--starts", type=int, default=5)
    args = parser.parse_args()
    folders = args.folders or [sysconfig.get_path("stdlib"), sysconfig.get_path("purelib")]
    for folder in folders:
        files = files_of([folder])
        count = min(args.files or len(files), len(files))
        with tempfile.TemporaryDirectory() as share:
            for chosen in [files[i * len(files) // count] for i in range(count)] if count < len(files) else []:
                copy = Path(share, Path(chosen).relative_to(folder))  # a file that is named is always parsed
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(chosen, copy)
            begin = time.process_time()
            report = check_paths([share if count < len(files) else folder], jobs=1)  # a child's time would not be counted
            spent = time.process_time() - begin
        row = {"folder": Path(folder).name, "files": count, "cpu_ms_a_file": round(1000 * spent / max(1, count), 2)}
        row |= {"played": report.statistics["files played"], "paths": report.statistics["paths"]}
        print(json.dumps(row | {"findings": len(report.findings)}))
        for finding in report.findings:
            print(f"  {finding.where.path}:{finding.where.line}: {finding.rule}")
    script = Path(__file__).parent.parent / "tests/cases/zero-grad-missing/flat_bad.py"
    print(json.dumps({"cold start": cold_start(script, args.starts)}))


if __name__ == "__main__":
    main()
