"""made, pass-begin, batch and pass-end of DataLoaders; made and set-epoch of their samplers.

Nothing inside the fetching is heard. An order is said of torch's own samplers over torch's own datasets only: a dataset
of the user's may hand over for an index what it likes.
"""

from __future__ import annotations

import functools
import sys
import weakref
from types import FrameType
from typing import Any

from torch.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    DistributedSampler,
    RandomSampler,
    SequentialSampler,
    Subset,
    TensorDataset,
)
from torch.utils.data.dataloader import _BaseDataLoaderIter

from glassloop.events import (
    BATCH,
    DROPS,
    LENGTH,
    LOADER,
    MADE,
    NO_FACTS,
    ORDER,
    PASS_BEGIN,
    PASS_END,
    SAMPLER,
    SET_EPOCH,
    SHUFFLED,
    SHUFFLES,
    STORED,
    WORKERS,
    Ref,
)
from glassloop.tap.ear import Ear, whole
from glassloop.tap.ends import Ends
from glassloop.tap.optimizers import constructor
from glassloop.tap.patch import Patches

_ORDERS = {STORED: {ORDER: STORED}, SHUFFLED: {ORDER: SHUFFLED}, "": NO_FACTS}


def hear(ear: Ear, patches: Patches) -> None:
    """Hears every loader's passes from now on."""
    passes: weakref.WeakKeyDictionary[Any, Ref] = weakref.WeakKeyDictionary()
    ends = Ends(ear)
    ear.pass_over = ends.settle
    chosen: weakref.WeakSet[Any] = weakref.WeakSet()  # loaders that were given a sampler

    def made(caller: FrameType, args: Any, kwargs: Any, _: Any) -> None:
        loader = args[0]
        if any(v is not None for v in (kwargs.get("sampler"), kwargs.get("batch_sampler"), *args[4:6])):
            chosen.add(loader)
        ear.say(MADE, constructor(caller, loader), ear.names.ref(loader, LOADER), (), _of_loader(loader))

    def sampler_made(caller: FrameType, args: Any, kwargs: Any, _: Any) -> None:
        facts = {SHUFFLES: bool(args[0].shuffle)}
        ear.say(MADE, constructor(caller, args[0]), ear.names.ref(args[0], SAMPLER), (), facts)

    def told(caller: FrameType, args: Any, kwargs: Any, _: Any) -> None:
        ear.say(SET_EPOCH, caller, ear.names.ref(args[0], SAMPLER), ())

    def begins(caller: FrameType, args: Any, kwargs: Any, iterator: Any) -> None:
        ear.pass_over()
        ref = ear.names.ref(args[0], LOADER)
        if isinstance(iterator, _BaseDataLoaderIter):  # a subclass may make iterators of its own
            passes[iterator] = ref
            ear.names.share(iterator, ref)  # a loader may end before its pass does
        sampler = args[0].sampler
        of = (ear.names.ref(sampler, SAMPLER),) if isinstance(sampler, DistributedSampler) else ()
        ear.rounds.begins(ref)
        ear.say(PASS_BEGIN, caller, ref, of, _ORDERS[_order(args[0], args[0] in chosen)])

    patches.attribute(DataLoader, "__init__", whole(ear, made))
    patches.attribute(DistributedSampler, "__init__", whole(ear, sampler_made))
    patches.attribute(DistributedSampler, "set_epoch", whole(ear, told))
    patches.attribute(DataLoader, "__iter__", whole(ear, begins))
    patches.attribute(_BaseDataLoaderIter, "__next__", functools.partial(_next, ear, passes, ends))


def _of_loader(loader: Any) -> dict[str, object]:
    facts: dict[str, object] = {WORKERS: loader.num_workers}
    try:
        full = not loader.drop_last or len(loader.dataset) % loader.batch_size == 0
        return {**facts, DROPS: not full, LENGTH: len(loader)}
    except Exception:  # a stream has no length, and the user's own `__len__` may raise what it likes
        return facts


def _order(loader: Any, chosen: bool) -> str:
    if type(loader.batch_sampler) is not BatchSampler or chosen:
        return ""
    if type(loader.sampler) is RandomSampler:
        return SHUFFLED
    return STORED if type(loader.sampler) is SequentialSampler and _plain(loader.dataset) else ""


def _plain(data: Any) -> bool:
    if type(data) is Subset:
        return _plain(data.dataset)
    if type(data) is ConcatDataset:
        return all(_plain(part) for part in data.datasets)
    return type(data) in (TensorDataset, list, tuple)


def _next(ear: Ear, passes: Any, ends: Ends, original: Any) -> Any:
    @functools.wraps(original)
    def __next__(self: Any) -> Any:  # noqa: N807
        if not ear.hears():
            return original(self)
        ref = _of(passes, self)
        ear.hush += 1
        try:
            batch = original(self)
        except StopIteration:
            _dry(ear, ends, self, ref, sys._getframe(1))
            raise
        finally:
            ear.hush -= 1
        _handed(ear, ends, self, ref, sys._getframe(1))
        return batch

    return __next__


def _of(passes: Any, iterator: Any) -> Ref | None:
    """The loader that a pass belongs to; None where the pass began before the ear listened."""
    try:
        found: Ref | None = passes.get(iterator)
    except TypeError:  # an iterator of the user's that cannot be a key
        return None
    return found


def _handed(ear: Ear, ends: Ends, iterator: Any, ref: Ref | None, caller: FrameType) -> None:
    try:
        ear.rounds.batch(ref)
        ear.pass_over()
        ear.say(BATCH, caller, ref)
        ends.handed(iterator, ref, caller)
    except Exception:
        ear.fault()


def _dry(ear: Ear, ends: Ends, iterator: Any, ref: Ref | None, caller: FrameType) -> None:
    try:
        if ref is None or not ends.told(iterator):
            ear.pass_over()
            ear.say(PASS_END, caller, ref)
    except Exception:
        ear.fault()
