"""made, pass-begin, batch and pass-end of DataLoaders; made and set-epoch of their samplers.

Nothing inside the fetching is heard. An order is said of torch's own samplers over torch's own datasets only: a dataset
of the user's may hand over for an index what it likes.
"""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Callable
from threading import get_ident
from time import perf_counter_ns
from types import FrameType
from typing import Any

from torch.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    DistributedSampler,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    TensorDataset,
)
from torch.utils.data.dataloader import _BaseDataLoaderIter

from glassloop.events import (
    BATCH,
    DRAWS,
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
from glassloop.tap.ear import Ear, compiling
from glassloop.tap.ends import Ends
from glassloop.tap.holding import keeps_generator
from glassloop.tap.laps import Lap, Waiting
from glassloop.tap.leaves import Notes
from glassloop.tap.optimizers import constructor
from glassloop.tap.patch import Patches
from glassloop.tap.place import is_users
from glassloop.tap.samples import Pass, Samples
from glassloop.tap.whole import whole

_ORDERS = {STORED: {ORDER: STORED}, SHUFFLED: {ORDER: SHUFFLED}, "": NO_FACTS}


def hear(ear: Ear, patches: Patches) -> None:
    """Hears every loader's passes from now on."""
    passes = Passes(ear)
    ear.pass_over = passes.ends.settle
    chosen: weakref.WeakSet[Any] = weakref.WeakSet()  # loaders that were given a sampler

    def made(caller: FrameType, args: Any, kwargs: Any, _: Any) -> None:
        loader = args[0]
        frame = constructor(caller, loader)
        before = None if is_users(frame.f_code) else _rebuilt(ear, loader)
        if before is not None:
            ear.names.share(loader, ear.names.ref(before, LOADER))
        if before in chosen if before is not None else _is_given_sampler(args, kwargs):
            chosen.add(loader)
        if before is None:
            ear.say(MADE, frame, ear.names.ref(loader, LOADER), (), _of_loader(loader))

    def sampler_made(caller: FrameType, args: Any, kwargs: Any, _: Any) -> None:
        facts = {SHUFFLES: bool(args[0].shuffle)}
        ear.say(MADE, constructor(caller, args[0]), ear.names.ref(args[0], SAMPLER), (), facts)

    def told(caller: FrameType, args: Any, kwargs: Any, _: Any) -> None:
        ear.say(SET_EPOCH, caller, ear.names.ref(args[0], SAMPLER), ())

    def begins(caller: FrameType, args: Any, kwargs: Any, iterator: Any) -> None:
        ear.pass_over()
        ref = ear.names.ref(args[0], LOADER)
        passes.begin(ref, args[0], iterator)
        sampler = args[0].sampler
        of = (ear.names.ref(sampler, SAMPLER),) if isinstance(sampler, DistributedSampler) else ()
        ear.rounds.begins(ref)
        ear.say(PASS_BEGIN, caller, ref, of, _ORDERS[_order(args[0], args[0] in chosen)])

    patches.attribute(DataLoader, "__init__", whole(ear, made))
    patches.attribute(DistributedSampler, "__init__", whole(ear, sampler_made))
    patches.attribute(DistributedSampler, "set_epoch", whole(ear, told))
    patches.attribute(DataLoader, "__iter__", whole(ear, begins))
    patches.attribute(_BaseDataLoaderIter, "__next__", functools.partial(_next, ear, passes))
    patches.attribute(_BaseDataLoaderIter, "_next_index", passes.fetched)


def _rebuilt(ear: Ear, loader: Any) -> Any:
    """The loader that a library has made this one of, to hand over the same batches: Accelerate's prepare does."""
    living = (old for old in ear.names.living(LOADER) if isinstance(old, DataLoader) and old is not loader)
    return next((old for old in living if old.batch_sampler is not None and old.batch_sampler is loader.batch_sampler), None)


def _is_given_sampler(args: Any, kwargs: Any) -> bool:
    return any(v is not None for v in (kwargs.get("sampler"), kwargs.get("batch_sampler"), *args[4:6]))


def _of_loader(loader: Any) -> dict[str, object]:
    facts: dict[str, object] = {WORKERS: loader.num_workers}
    mapped = loader.num_workers and not isinstance(loader.dataset, IterableDataset) and loader.worker_init_fn is None
    if mapped and keeps_generator(loader.dataset):
        facts[DRAWS] = None  # whether it draws with it, and where it was made, stands in the text
    try:
        full = not loader.drop_last or len(loader.dataset) % loader.batch_size == 0
        return {**facts, DROPS: not full, LENGTH: len(loader)}
    except Exception:  # a stream has no length, and the user's own `__len__` may raise what it likes
        return facts


def _order(loader: Any, chosen: bool) -> str:
    if type(loader.batch_sampler) is not BatchSampler or chosen:
        return ""
    sampler = loader.batch_sampler.sampler  # of a loader that was rebuilt, `sampler` is not the one that it goes by
    if type(sampler) is RandomSampler:
        return SHUFFLED
    return STORED if type(sampler) is SequentialSampler and _plain(loader.dataset) else ""


def _plain(data: Any) -> bool:
    if type(data) is Subset:
        return _plain(data.dataset)
    if type(data) is ConcatDataset:
        return all(_plain(part) for part in data.datasets)
    return type(data) in (TensorDataset, list, tuple)


class Running:
    """A pass under way: of which loader, its times, and what it has handed over."""

    __slots__ = ("lap", "now", "ref")

    def __init__(self, ref: Ref, lap: Lap, now: Pass) -> None:
        self.ref, self.lap, self.now = ref, lap, now


class Passes:
    """The passes under way: whose they are, what they hand over, and how long that takes. No fault of ours gets out."""

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self._running: Notes[Running] = Notes()  # by iterator
        self._last: tuple[Callable[[], Any], Running | None] = _nobody, None  # the one asked last
        self._samples, self._waiting = Samples(), Waiting()
        self.ends = Ends(ear, lambda running: self._samples.ends(running.now))

    def begin(self, ref: Ref, loader: Any, iterator: Any) -> None:
        """A pass of a loader begins."""
        if isinstance(iterator, _BaseDataLoaderIter):  # a subclass may make iterators of its own
            self._ear.names.share(iterator, ref)  # a loader may end before its pass does
            now = self._samples.begins(ref, loader, iterator)
            self._running.set(iterator, Running(ref, self._waiting.begins(ref), now))
            self._last = _nobody, None

    def _over(self, _: Any) -> None:
        self._last = _nobody, None

    def asked(self, iterator: Any) -> Running | None:
        """A batch is asked for. Gives the pass; None where it began before the ear listened."""
        try:
            link, running = self._last
            if link() is not iterator:
                running = self._running.get(iterator)
                self._last = weakref.ref(iterator, self._over), running
            if running is not None:
                running.lap.ask()
            return running
        except Exception:
            self._ear.fault()
            return None

    def handed(self, caller: FrameType, running: Running | None, iterator: Any, batch: Any) -> None:
        """A batch has been handed over."""
        ear = self._ear
        try:
            ear.carried.batches += 1
            if running is None:
                ear.rounds.batch(None)
                ear.pass_over()
                ear.say(BATCH, caller)
                return
            ref, lap = running.ref, running.lap
            facts = lap.hand()
            ear.rounds.batch(ref)
            if self.ends.full is not None:
                ear.pass_over()
            ear.say(BATCH, caller, ref, None, facts)
            if caller.f_code is not self.ends.other:
                self.ends.handed(iterator, ref, caller, running)
            if not running.now.through:
                self._samples.handed(running.now, batch)
            lap.handed = perf_counter_ns()  # what was done since `hand` is our own time
        except Exception:
            ear.fault()

    def dry(self, caller: FrameType, running: Running | None, iterator: Any) -> None:
        """There are no more batches."""
        ear = self._ear
        try:
            if running is None:
                ear.pass_over()
                ear.say(PASS_END, caller)
            elif not self.ends.told(iterator):
                ear.pass_over()
                ear.say(PASS_END, caller, running.ref, facts=self._samples.ends(running.now))
        except Exception:
            ear.fault()

    def fetched(self, original: Any) -> Any:
        """For Patches: the indices of a batch are drawn, perhaps long before it is handed over."""

        @functools.wraps(original)
        def _next_index(iterator: Any) -> Any:
            index = original(iterator)
            try:
                if self._ear.on:
                    self._samples.fetched(iterator, index)
            except TypeError:  # an iterator that cannot be a key
                pass
            except Exception:
                self._ear.fault()
            return index

        return _next_index


def _nobody() -> None:
    """Stands for a weak reference to nothing."""


def _next(ear: Ear, passes: Passes, original: Any) -> Any:
    @functools.wraps(original)
    def __next__(self: Any) -> Any:  # noqa: N807
        if compiling() or ear.hush or not ear.on or get_ident() != ear.thread:
            return original(self)
        running = passes.asked(self)
        ear.hush += 1
        try:
            batch = original(self)
        except StopIteration:
            passes.dry(sys._getframe(1), running, self)
            raise
        finally:
            ear.hush -= 1
        passes.handed(sys._getframe(1), running, self, batch)
        return batch

    return __next__
