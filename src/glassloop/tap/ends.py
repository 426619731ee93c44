"""pass-end where nobody asks the loader for one batch too many.

Lightning and Ignite know how many batches a loader has, and stop there: no StopIteration ever says that the pass is
over, or the next epoch's first batch does. So the end of such a pass is said late, before the next event that a pass
ends ahead of: a schedule's step, another pass or batch, the end of the run.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from types import CodeType, FrameType
from typing import Any

from glassloop.events import PASS_END, Ref
from glassloop.tap.ear import Ear
from glassloop.tap.place import Spot, caller_of

COUNTING = frozenset({"ignite", "lightning", "pytorch_lightning"})  # packages that count batches themselves


class Ends:
    """The pass whose last batch has been handed over, if a framework asked for it, and those told of in this way."""

    def __init__(self, ear: Ear, facts: Callable[[Any], Mapping[str, object]]) -> None:
        self._ear, self._facts = ear, facts  # what is known of a pass that has ended
        self.full: tuple[weakref.ref[Any], Ref, Spot | None, Any] | None = None
        self._counts: dict[Any, bool] = {}  # by name of a module
        self.other: CodeType | None = None  # who asked last, where that is no framework that counts
        self._told: weakref.WeakSet[Any] = weakref.WeakSet()

    def handed(self, iterator: Any, ref: Ref, caller: FrameType, running: Any) -> None:
        """A batch of a pass (`running`, as `facts` takes it) was handed over to `caller`, which is not `other`."""
        real = caller_of(caller)  # a recording that began after the ear hears it, too
        name = real.f_globals.get("__name__")
        counts = self._counts.get(name)
        if counts is None:
            counts = self._counts[name] = str(name).partition(".")[0] in COUNTING
        self.other = None if counts or real is not caller else caller.f_code
        if counts and iterator._num_yielded == _length(iterator):
            self.full = weakref.ref(iterator), ref, self._ear.spot(caller), running

    def settle(self) -> None:
        """Says the end of that pass, before something else begins."""
        if self.full is not None:
            (link, ref, at, running), self.full = self.full, None
            iterator = link()
            if iterator is not None:
                self._told.add(iterator)
            self._ear.say_at(PASS_END, at, ref, None, self._facts(running))

    def told(self, iterator: Any) -> bool:
        """A loader says itself that it is dry: whether that has been told already."""
        if self.full is not None and self.full[0]() is iterator:
            self.full = None
        told = iterator in self._told
        self._told.discard(iterator)
        return told


def _length(iterator: Any) -> int | None:
    try:
        return len(iterator)
    except TypeError:  # a stream, or a sampler without a length
        return None
