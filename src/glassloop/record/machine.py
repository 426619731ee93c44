"""What a run stood on: interpreter, packages, processor, memory, accelerators, threads, git. No secrets."""

import functools
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

# The only variables that are recorded: they change the numbers or the speed of a run. Any other may hold a secret.
RECORDED_VARIABLES = (
    "ATEN_CPU_CAPABILITY",
    "CUBLAS_WORKSPACE_CONFIG",
    "CUDA_VISIBLE_DEVICES",
    "MKL_CBWR",
    "MKL_NUM_THREADS",
    "NVIDIA_TF32_OVERRIDE",
    "OMP_NUM_THREADS",
    "PYTHONHASHSEED",
    "PYTORCH_CUDA_ALLOC_CONF",
    "PYTORCH_ENABLE_MPS_FALLBACK",
)


def describe_machine() -> dict[str, Any]:
    """The surroundings of this process as plain JSON values. Takes about a quarter of a second.

    What torch knows (threads, CPU capability, accelerators) is there once the process has imported torch; it is not
    imported here. Memory is in bytes.
    """
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "hardware": {
            "cpu": cpu_model(),
            "cores": os.cpu_count(),
            "cores_allowed": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "memory": _memory(),
        },
        "world_size": int(os.environ.get("WORLD_SIZE", "1") or 1),
        "variables": {name: os.environ[name] for name in RECORDED_VARIABLES if name in os.environ},
        "git": _git(Path.cwd()),
        "torch": _torch(),
        "packages": _packages(),
    }


@functools.cache  # a tenth of a second and more, and asked at the beginning and at the end of a run
def _packages() -> dict[str, str]:
    """Every installed distribution and its version, sorted, as `pip freeze` would name them."""
    import importlib.metadata  # 25 ms, which `check` need not pay

    found = {d.metadata["Name"]: d.version for d in importlib.metadata.distributions() if d.metadata["Name"]}
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def _torch() -> dict[str, Any] | None:
    torch: Any = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "get_num_threads"):  # absent, or its import failed half-way
        return None
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return {
        "version": str(torch.__version__),
        "threads": torch.get_num_threads(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),  # threads and this one change bits
        "cuda": torch.version.cuda,
        "gpus": [torch.cuda.get_device_name(number) for number in range(count)],
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "matmul_precision": torch.get_float32_matmul_precision(),
        "cudnn": {"deterministic": torch.backends.cudnn.deterministic, "benchmark": torch.backends.cudnn.benchmark},
    }


def cpu_model() -> str:
    """The processor's name, as its system gives it."""
    if sys.platform == "darwin":
        return _output(["sysctl", "-n", "machdep.cpu.brand_string"]) or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(("model name", "Model")):
                return line.partition(":")[2].strip()
    except OSError:  # Windows, or a system that hides it
        pass
    return platform.processor() or platform.machine()


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return None


def _git(folder: Path) -> dict[str, Any] | None:
    """The commit checked out around `folder` and whether tracked files differ from it; None outside a repository."""
    commit = _output(["git", "-C", str(folder), "rev-parse", "HEAD"])
    if commit is None:
        return None
    status = _output(["git", "-C", str(folder), "status", "--porcelain", "--untracked-files=no"])
    return {"commit": commit, "dirty": None if status is None else bool(status)}


def _output(command: list[str]) -> str | None:
    """What `command` printed, or None where it is missing, fails, or takes longer than five seconds."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout.strip()
