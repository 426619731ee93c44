"""pass-begin, batch and pass-end: what a DataLoader's iterator does. Nothing inside the fetching is heard."""

from __future__ import annotations

import functools
import sys
import weakref
from types import FrameType
from typing import Any

from torch.utils.data import DataLoader
from torch.utils.data.dataloader import _BaseDataLoaderIter

from glassloop.events import BATCH, LOADER, PASS_BEGIN, PASS_END, Ref
from glassloop.tap.ear import Ear, whole
from glassloop.tap.patch import Patches


def hear(ear: Ear, patches: Patches) -> None:
    """Hears every loader's passes from now on."""
    passes: weakref.WeakKeyDictionary[Any, Ref] = weakref.WeakKeyDictionary()

    def begins(caller: FrameType, args: Any, kwargs: Any, iterator: Any) -> None:
        ref = ear.names.ref(args[0], LOADER)
        if isinstance(iterator, _BaseDataLoaderIter):  # a subclass may make iterators of its own
            passes[iterator] = ref
        ear.say(PASS_BEGIN, caller, ref)

    patches.attribute(DataLoader, "__iter__", whole(ear, begins))
    patches.attribute(_BaseDataLoaderIter, "__next__", functools.partial(_next, ear, passes))


def _next(ear: Ear, passes: Any, original: Any) -> Any:
    @functools.wraps(original)
    def __next__(self: Any) -> Any:  # noqa: N807
        if not ear.hears():
            return original(self)
        ref = passes.get(self)  # None: the pass began before the ear listened
        ear.hush += 1
        try:
            batch = original(self)
        except StopIteration:
            ear.say(PASS_END, sys._getframe(1), ref)
            raise
        finally:
            ear.hush -= 1
        ear.say(BATCH, sys._getframe(1), ref)
        return batch

    return __next__
