"""Calls back when torch has been imported, however late; imports nothing itself.

A script may set what torch reads as it loads (threads, logging) before its own `import torch`. Loading torch for the
script would come too early.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType


def when_torch_is_there(call: Callable[[], None]) -> Callable[[], None]:
    """Calls `call` now if torch is loaded, else right after its import. Returns what cancels the wait."""
    if "torch" in sys.modules:
        call()
        return lambda: None
    finder = _Finder(call)
    sys.meta_path.insert(0, finder)
    return finder.cancel


class _Finder(MetaPathFinder):
    """Stands before Python's own finders until torch is looked for once."""

    def __init__(self, call: Callable[[], None]) -> None:
        self._call = call

    def cancel(self) -> None:
        """Stands aside."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The spec of torch, with a loader that calls back; nothing for other modules."""
        if fullname != "torch":
            return None
        self.cancel()
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._call)
        return spec


class _Loader(Loader):
    """The real loader, and the call after it."""

    def __init__(self, real: Loader, call: Callable[[], None]) -> None:
        self._real, self._call = real, call

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the real loader does."""
        return self._real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """As the real loader does, and the call after it."""
        # From here on the module is torch's own loader's, as for everybody who looks at its spec.
        module.__loader__ = self._real
        if module.__spec__ is not None:
            module.__spec__.loader = self._real
        self._real.exec_module(module)
        self._call()
