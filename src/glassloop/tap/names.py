"""Refs for the objects of a run: a serial number each, found through weak references.

An `id()` alone is no name: Python gives a dead object's to the next one. An entry lives as long as its object.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from glassloop.events import Ref


class Names:
    """Which Ref an object has. Asking keeps nothing alive."""

    def __init__(self) -> None:
        self._entries: dict[int, tuple[weakref.ref[Any], Ref]] = {}
        self._count = 0
        self._living: dict[int, int] = {}  # objects by serial
        self.dead: list[Ref] = []  # those that no object has any more, for the ear to take

    def known(self, thing: Any) -> Ref | None:
        """The Ref of an object that was named before; None for a new one."""
        entry = self._entries.get(id(thing))
        return entry[1] if entry is not None and entry[0]() is thing else None

    def ref(self, thing: Any, role: str) -> Ref:
        """The Ref of an object; a wrapper has that of what it wraps."""
        entry = self._entries.get(id(thing))
        if entry is not None and entry[0]() is thing:
            return entry[1]
        inner = unwrapped(thing)
        if inner is not thing:
            return self.share(thing, self.ref(inner, role))
        self._count += 1
        return self.share(thing, Ref(self._count, role, type(thing).__name__))

    def living(self, role: str) -> list[Any]:
        """The objects with this role that are still there; a wrapper and what it wraps are both listed."""
        found = [thing() for thing, ref in tuple(self._entries.values()) if ref.role == role]
        return [thing for thing in found if thing is not None]

    def share(self, thing: Any, ref: Ref, gone: Callable[[Any], None] | None = None) -> Ref:
        """Gives `thing` this Ref; `gone`, if given, is called with the dead weak reference at its end."""
        key, entries = id(thing), self._entries
        before = entries.get(key)
        if before is not None and before[0]() is thing:
            if before[1] == ref:
                return ref
            self._fewer(before[1])
        self._living[ref.serial] = self._living.get(ref.serial, 0) + 1

        def forget(dead: weakref.ref[Any]) -> None:
            entry = entries.get(key)
            if entry is not None and entry[0] is dead:  # the id may belong to another by now
                del entries[key]
            self._fewer(ref)
            if gone is not None:
                gone(dead)

        entries[key] = (weakref.ref(thing, forget), ref)
        return ref

    def keep(self, ref: Ref) -> None:
        """This Ref stays in use, even while no object has it."""
        self._living[ref.serial] = self._living.get(ref.serial, 0) + 1

    def _fewer(self, ref: Ref) -> None:
        """One object less has this Ref. Called at any time, even within the collection of garbage."""
        count = self._living.get(ref.serial, 0) - 1
        if count > 0:
            self._living[ref.serial] = count
        else:
            self._living.pop(ref.serial, None)
            self.dead.append(ref)


# Classes whose instances stand for another object, and where they keep it. By name, as most are never imported.
_WRAPPERS = {
    "DistributedDataParallel": "module",
    "DataParallel": "module",
    "FullyShardedDataParallel": "module",
    "OptimizedModule": "_orig_mod",
    "_FabricModule": "_forward_module",
    "AcceleratedOptimizer": "optimizer",
}


def unwrapped(thing: Any) -> Any:
    """The object that a known wrapper stands for; any other object itself."""
    for _ in range(8):  # compile(DDP(compile(model))) is about as deep as people go
        inner = getattr(thing, _WRAPPERS.get(type(thing).__name__, ""), None)
        if inner is None:
            return thing
        thing = inner
    return thing
