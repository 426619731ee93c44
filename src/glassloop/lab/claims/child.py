"""What runs in an experiment's own process: one claim decided, or this machine described."""

from __future__ import annotations

import multiprocessing
import os
import platform
import tempfile
import time
import warnings
from typing import Any

import torch

from glassloop.lab.claims import Figure, Here, all_claims
from glassloop.record.machine import describe_machine


def decide(id: str, here: Here) -> tuple[dict[str, bool], dict[str, Figure], float]:
    """What one claim's experiment saw, and the seconds it took. It starts from seed 0, one thread and an empty folder."""
    warnings.simplefilter("default")
    multiprocessing.set_start_method(None, force=True)  # the platform's own, not that of the process that forked this one
    torch.set_num_threads(1)
    torch.manual_seed(0)
    began = time.perf_counter()
    home = os.getcwd()
    with tempfile.TemporaryDirectory(prefix="glassloop-claim-", ignore_cleanup_errors=True) as folder:
        os.chdir(folder)
        try:
            outcome = all_claims()[id].decide(here)
        finally:
            os.chdir(home)
    return dict(outcome.cases), dict(outcome.figures), round(time.perf_counter() - began, 2)


def conditions() -> dict[str, Any]:
    """Versions and hardware, as plain JSON values; `gpu` is empty where there is none."""
    machine = describe_machine()
    return {
        "torch": str(torch.__version__),
        "python": machine["python"],
        "platform": platform.system(),
        "cpu": machine["hardware"]["cpu"],
        "cores": machine["hardware"]["cores_allowed"],
        "threads": 1,
        "gpu": ", ".join(machine["torch"]["gpus"]),
    }
