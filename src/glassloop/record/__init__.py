"""What a run leaves: its record, written so that a crash never leaves half a file. Called, it begins a recording."""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


def record(out: Any, **options: Any) -> Any:
    """Begins to record the training of this process into the run folder `out`; see `glassloop.recording.record`."""
    return import_module("glassloop.recording").record(out, **options)  # by name: a recording stands on floors above this


class _CallableModule(ModuleType):
    """Python binds a submodule to its package's name for it, so `glassloop.record` is this module, and is called."""

    __call__ = staticmethod(record)


sys.modules[__name__].__class__ = _CallableModule
