"""sync: the user's own line reads a value out of a tensor on an accelerator, and the host waits until it is there.

What a library or torch itself reads is theirs; inside a model's call nothing is heard. On the CPU nobody waits, and where
torch was built for it alone nothing is replaced: an optimizer reads a number of its own for each parameter.
"""

from __future__ import annotations

import functools
import sys
from typing import Any

import torch

from glassloop.events import SYNC
from glassloop.tap.ear import Ear
from glassloop.tap.patch import Patches
from glassloop.tap.place import is_users

READS = ("item", "tolist", "cpu", "to", "nonzero", "__float__", "__int__", "__bool__", "__repr__", "__format__")


def hear(ear: Ear, patches: Patches) -> None:
    """Hears waits from now on."""
    for name in READS if may_wait() else ():
        patches.attribute(torch.Tensor, name, functools.partial(_read, ear))


def may_wait() -> bool:
    """Whether this torch knows any accelerator. Asks no driver: that would begin a use of it."""
    accelerators = getattr(torch, "accelerator", None)  # of a torch without that word nobody knows
    return accelerators is None or accelerators.current_accelerator() is not None


def waited_for(tensor: torch.Tensor) -> bool:
    """Whether the host must wait to read this tensor."""
    return not tensor.is_cpu and not tensor.is_meta


def _read(ear: Ear, original: Any) -> Any:
    stays = original.__name__ == "to"  # most often from the host, or from device to device

    @functools.wraps(original)
    def read(tensor: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(tensor, *args, **kwargs)
        if not ear.deep and waited_for(tensor) and ear.hears() and is_users(sys._getframe(1).f_code):
            try:
                if not (stays and (waited_for(result) or kwargs.get("non_blocking"))):
                    ear.say(SYNC, sys._getframe(1), None, ())
            except Exception:
                ear.fault()
        return result

    return read
