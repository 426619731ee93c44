"""Own your training loop: every line visible, checked, and provable.

Importing this package loads no torch; what needs it loads it when called.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glassloop.check import check_source as check_source
    from glassloop.findings import Finding as Finding
    from glassloop.findings import Severity as Severity
    from glassloop.preflight import preflight as preflight
    from glassloop.recording import record as record
    from glassloop.watch import watch as watch

__version__ = "0.1.0"

_HOMES = {"check_source": "glassloop.check", "Finding": "glassloop.findings", "Severity": "glassloop.findings"}


def __getattr__(name: str) -> Any:
    """Public names, loaded when they are first asked for."""
    if name in ("watch", "preflight", "record"):
        return import_module(f"glassloop.{name}")  # the module, which can be called: a submodule takes its name here
    home = _HOMES.get(name)
    if home is not None:
        return getattr(import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
