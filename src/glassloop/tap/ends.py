"""pass-end where nobody asks the loader for one batch too many.

Lightning and Ignite know how many batches a loader has, and stop there: no StopIteration ever says that the pass is
over, or the next epoch's first batch does. So the end of such a pass is said late, before the next event that a pass
ends ahead of: a schedule's step, another pass or batch, the end of the run.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

from glassloop.events import PASS_END, Ref
from glassloop.tap.ear import Ear
from glassloop.tap.place import Spot

COUNTING = frozenset({"ignite", "lightning", "pytorch_lightning"})  # packages that count batches themselves

Facts = Callable[[], Mapping[str, object]]


class Ends:
    """The pass whose last batch has been handed over, if a framework asked for it, and those told of in this way."""

    def __init__(self, ear: Ear, facts: Callable[[Any], Facts]) -> None:
        self._ear, self._facts = ear, facts  # what is known of a pass that has ended
        self._full: tuple[weakref.ref[Any], Ref, Spot | None, Facts] | None = None
        self._told: weakref.WeakSet[Any] = weakref.WeakSet()

    def handed(self, iterator: Any, ref: Ref | None, caller: FrameType) -> None:
        """A batch was handed over to `caller`."""
        counts = str(caller.f_globals.get("__name__")).partition(".")[0] in COUNTING
        if counts and ref is not None and iterator._num_yielded == _length(iterator):
            self._full = weakref.ref(iterator), ref, self._ear.spot(caller), self._facts(iterator)

    def settle(self) -> None:
        """Says the end of that pass, before something else begins."""
        if self._full is not None:
            (link, ref, at, facts), self._full = self._full, None
            iterator = link()
            if iterator is not None:
                self._told.add(iterator)
            self._ear.say_at(PASS_END, at, ref, None, facts())

    def told(self, iterator: Any) -> bool:
        """A loader says itself that it is dry: whether that has been told already."""
        if self._full is not None and self._full[0]() is iterator:
            self._full = None
        told = iterator in self._told
        self._told.discard(iterator)
        return told


def _length(iterator: Any) -> int | None:
    try:
        return len(iterator)
    except TypeError:  # a stream, or a sampler without a length
        return None
