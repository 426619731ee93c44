"""save and load: what goes through `torch.save` and `torch.load`."""

from __future__ import annotations

import functools
import sys
from typing import Any

import torch

from glassloop.events import LOAD, SAVE
from glassloop.tap.ear import Ear
from glassloop.tap.patch import Patches


def hear(ear: Ear, patches: Patches) -> None:
    """Hears files written and read from now on."""
    patches.function(torch, "save", functools.partial(_file, ear, SAVE))
    patches.function(torch, "load", functools.partial(_file, ear, LOAD))


def _file(ear: Ear, kind: str, original: Any) -> Any:
    @functools.wraps(original)
    def file(*args: Any, **kwargs: Any) -> Any:
        if not ear.hears():
            return original(*args, **kwargs)
        ear.hush += 1
        try:
            result = original(*args, **kwargs)
        finally:
            ear.hush -= 1
        try:
            ear.say(kind, sys._getframe(1))
        except Exception:
            ear.fault()
        return result

    return file
