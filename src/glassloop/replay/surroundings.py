"""Where this machine differs from the one that a run was recorded on, in what can change its numbers."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from glassloop.record.machine import RECORDED_VARIABLES, cpu_model, describe_machine

_DECIDE = ("torch", "numpy")  # packages that compute; of others it is said how many differ


def differences(recorded: Mapping[str, Any], now: Mapping[str, Any] | None = None) -> list[str]:
    """What differs between two environments of run.json (`now`: this process), a line each, what matters most first."""
    now = now or describe_machine()
    said = [_line(name, recorded.get(name), now.get(name)) for name in ("python", "platform")]
    was, here = recorded.get("hardware") or {}, now.get("hardware") or {}
    said.insert(0, _line("processor", was.get("cpu"), here.get("cpu")))
    said.append(_line("cores", was.get("cores_allowed"), here.get("cores_allowed")))
    said += _torch(recorded.get("torch"), now.get("torch"))
    said += _packages(recorded.get("packages") or {}, now.get("packages") or {})
    return [line for line in said if line]


def needs_torch(recorded: Mapping[str, Any]) -> bool:
    """Can only torch say how its part of the surroundings differs? Where the processor is the same, so is what it can do."""
    torch = recorded.get("torch") or {}
    cpu = (recorded.get("hardware") or {}).get("cpu")
    return bool(torch.get("gpus")) or cpu != cpu_model()


def asked_of_torch(environment: Mapping[str, str]) -> dict[str, Any]:
    """This machine as a process with these variables and torch sees it. Takes as long as `import torch`."""
    code = "import json, torch; from glassloop.record.machine import describe_machine; print(json.dumps(describe_machine()))"
    done = subprocess.run([sys.executable, "-c", code], env=dict(environment), capture_output=True, text=True)
    return dict(json.loads(done.stdout)) if done.returncode == 0 else describe_machine()


def variables(recorded: Mapping[str, Any]) -> dict[str, str]:
    """The environment that a run is replayed in: this one, with the variables that change numbers as they were recorded.

    Where no variable gave the number of threads and this machine would choose another, OMP_NUM_THREADS gives it.
    """
    kept = {name: value for name, value in os.environ.items() if name not in RECORDED_VARIABLES}
    stood = recorded.get("variables") or {}
    kept |= {name: str(stood[name]) for name in RECORDED_VARIABLES if name in stood}
    threads = (recorded.get("torch") or {}).get("threads")
    cores = (recorded.get("hardware") or {}).get("cores_allowed")
    if threads and not {"OMP_NUM_THREADS", "MKL_NUM_THREADS"} & set(kept) and cores != _cores():
        kept["OMP_NUM_THREADS"] = str(threads)
    if "PYTHONPATH" in kept:  # relative ones mean another folder where the run is replayed
        kept["PYTHONPATH"] = os.pathsep.join(os.path.abspath(part) for part in kept["PYTHONPATH"].split(os.pathsep) if part)
    return kept


def _cores() -> int | None:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _torch(recorded: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> list[str]:
    if not recorded or not now:
        return []
    names = {"cpu_capability": "CPU capability", "threads": "threads", "cuda": "CUDA", "gpus": "GPUs"}
    return [_line(name, recorded.get(key), now.get(key)) for key, name in names.items()]


def _packages(recorded: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    said = [_line(name, recorded.get(name), now.get(name)) for name in _DECIDE]
    others = sorted(name for name in recorded if name not in _DECIDE and recorded[name] != now.get(name))
    if others:
        some = ", ".join(f"{name} {recorded[name]} ({now.get(name, 'absent')} here)" for name in others[:3])
        said.append(f"packages: {len(others)} of {len(recorded)} differ, as {some}")
    return said


def _line(name: str, was: Any, now: Any) -> str:
    return "" if was == now else f"{name}: {_text(was)} recorded, {_text(now)} here"


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else "none" if value is None else str(value)
