"""Where to compute, and in what precision: chosen once, refused in one line where it cannot be."""

import os
from typing import Literal

import torch

from glassloop.errors import UserError

DeviceName = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["fp32", "bf16", "fp16"]


def choose_device(name: DeviceName) -> torch.device:
    """The named device; auto takes cuda, then mps, then cpu. Raises UserError where the asked-for one is absent."""
    present = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if present[kind]))
    if name not in present:
        raise UserError(f"device {name!r} is not known; give auto, cpu, cuda or mps")
    if not present[name]:
        here = ", ".join(kind for kind, there in present.items() if there)
        raise UserError(f"device {name!r} is not available here (available: {here}); give --device auto")
    return torch.device(name)


def autocast_dtype(precision: Precision) -> torch.dtype:
    """The dtype autocast computes in. fp32 switches it off, and then the answer is not used."""
    return torch.float16 if precision == "fp16" else torch.bfloat16


def refuse_many_processes() -> None:
    """Raise UserError under a launcher with a world size above one.

    Without gradient averaging each process would train a model of its own, and nothing would say so.
    """
    world = os.environ.get("WORLD_SIZE", "1")
    if world.isdigit() and int(world) > 1:
        raise UserError(
            f"WORLD_SIZE is {world}, and this loop trains in one process (it would train {world} separate models); "
            "start it with plain python, or with --nproc-per-node 1"
        )
