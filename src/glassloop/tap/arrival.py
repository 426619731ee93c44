"""Calls back when a module (torch, numpy) has been imported, however late; imports nothing itself.

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
    """`when_there` of torch."""
    return when_there("torch", call)


def when_there(module: str, call: Callable[[], None]) -> Callable[[], None]:
    """Calls `call` now if `module`, a top-level one, is loaded, else right after its import. Returns what cancels the wait.

    Several may wait for the same module; they are called in the order in which they came.
    """
    if module in sys.modules:
        call()
        return lambda: None
    _finder.waiting.setdefault(module, []).append(call)
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    return lambda: _finder.cancel(module, call)


class _Finder(MetaPathFinder):
    """Stands before Python's own finders as long as a module is waited for."""

    def __init__(self) -> None:
        self.waiting: dict[str, list[Callable[[], None]]] = {}

    def cancel(self, module: str, call: Callable[[], None]) -> None:
        """One waits no more; without any, stands aside."""
        calls = self.waiting.get(module, [])
        if call in calls:
            calls.remove(call)
        if not calls:
            self.waiting.pop(module, None)
        if not self.waiting and self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The spec of a module that is waited for, with a loader that calls back; nothing for others."""
        calls = self.waiting.pop(fullname, None)
        if calls is None:
            return None
        if not self.waiting and self in sys.meta_path:
            sys.meta_path.remove(self)
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, calls)
        return spec


class _Loader(Loader):
    """The real loader, and the calls after it."""

    def __init__(self, real: Loader, calls: list[Callable[[], None]]) -> None:
        self._real, self._calls = real, calls

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the real loader does."""
        return self._real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """As the real loader does, and the calls after it."""
        # From here on the module is its own loader's, as for everybody who looks at its spec.
        module.__loader__ = self._real
        if module.__spec__ is not None:
            module.__spec__.loader = self._real
        self._real.exec_module(module)
        for call in tuple(self._calls):
            call()


_finder = _Finder()
