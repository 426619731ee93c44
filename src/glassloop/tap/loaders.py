"""pass-begin, batch and pass-end: what a DataLoader's iterator does. Nothing inside the fetching of a batch is heard."""

from __future__ import annotations

import functools
import sys
import weakref
from typing import Any

from torch.utils.data import DataLoader
from torch.utils.data.dataloader import _BaseDataLoaderIter

from glassloop.events import BATCH, LOADER, PASS_BEGIN, PASS_END, Ref
from glassloop.tap.ear import Ear
from glassloop.tap.patch import Patches


def hear(ear: Ear, patches: Patches) -> None:
    """Hears every loader's passes from now on."""
    passes: weakref.WeakKeyDictionary[Any, Ref] = weakref.WeakKeyDictionary()
    patches.attribute(DataLoader, "__iter__", functools.partial(_iter, ear, passes))
    patches.attribute(_BaseDataLoaderIter, "__next__", functools.partial(_next, ear, passes))


def _iter(ear: Ear, passes: Any, original: Any) -> Any:
    @functools.wraps(original)
    def __iter__(self: Any) -> Any:  # noqa: N807
        if not ear.hears():
            return original(self)
        ear.hush += 1
        try:
            iterator = original(self)
        finally:
            ear.hush -= 1
        ref = passes[iterator] = ear.names.known(self) or ear.names.ref(self, LOADER)
        ear.say(PASS_BEGIN, sys._getframe(1), ref)
        return iterator

    return __iter__


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
            ear.hush -= 1
            ear.say(PASS_END, sys._getframe(1), ref)
            raise
        except BaseException:
            ear.hush -= 1
            raise
        ear.hush -= 1
        ear.say(BATCH, sys._getframe(1), ref)
        return batch

    return __next__
