"""What loaders have handed over: which items of their datasets, in which order, and what these hold.

A loader's first pass is looked at, within a budget: the indices that its sampler gave, and a digest of each sample's bytes
as it was handed over. Said are facts on the end of a pass: samples that another loader handed over, too, and an order that
is that of the pass before. Order and chance of the run are not touched, and only host memory is read.
"""

from __future__ import annotations

import weakref
from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np
from torch.utils.data import (
    BatchSampler,
    RandomSampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

from glassloop.events import NO_FACTS, REPEATS, SHARED, Ref, Shared
from glassloop.tap.contents import Column, Telling, columns, digests, is_listed, listed, numbers, size_of
from glassloop.tap.leaves import Notes
from glassloop.tap.lying import Origins, common, origins

INDICES = 1 << 20  # of a loader: all that are looked at
SAMPLES = 1 << 16  # of a loader whose contents are digested
BYTES = 64 << 20  # of a loader's samples that are digested
BYTES_IN_ALL = 512 << 20  # of all loaders of a run
SAMPLES_IN_ALL = 1 << 18  # of all loaders of a run: a few tens of megabytes
LOADERS = 8  # the latest ones are compared
HEAD = 2  # batches whose content tells the order of a dataset of the user's
FEW = 8  # samples of which two random orders may well be equal
SHOWN = 5  # samples that a finding names

_RANDOM = (RandomSampler, SubsetRandomSampler, WeightedRandomSampler)


class Seen:
    """What one loader has handed over."""

    def __init__(self, ref: Ref, loader: Any) -> None:
        self.ref = ref
        self.size: int | None = loader.batch_size
        self._loader, self._dataset = weakref.ref(loader), _weak(loader.dataset)
        self.indices = array("q")
        self.names: dict[int, int] = {}  # digests of samples, and where in the pass each came first
        self.looked = self.repeated = self.bytes = 0  # samples digested; those of them met before; their size
        self.telling = Telling()
        self.listed: bool | None = None  # whether its batches are lists of samples; None: no batch has come
        self.open = self.readable = True  # whether its first pass goes on; whether its samples can be digested
        self._origins: tuple[int, Origins] | None = None
        reach = _reach(loader)
        self.told = reach is not None  # its sampler says which items may come; a pass may leave some of them out
        self.indices.extend(reach or ())

    @property
    def gathers(self) -> bool:
        """Whether the indices of the pass under way are to be kept."""
        return self.open and not self.told

    @property
    def known(self) -> bool:
        """Whether `indices` are all that it hands over."""
        return self.told or (not self.open and len(self.indices) < INDICES)

    @property
    def digested(self) -> bool:
        """Whether `names` are all that it hands over."""
        return not self.open and self.looked == len(self.indices)

    def dataset(self) -> Any:
        """The dataset, while it is there; a plain list, which cannot be referred to weakly, while its loader is."""
        loader = self._loader()
        return self._dataset() if loader is None else loader.dataset

    def state(self) -> tuple[object, ...]:
        """What changes where there is more to compare, or less."""
        return len(self.indices), self.looked, self.open, self.dataset() is None

    def origins(self) -> Origins:
        """Where its items come from; nothing where the dataset is gone."""
        dataset = self.dataset()
        if dataset is None or not self.indices:
            return {}
        if self._origins is None or self._origins[0] != len(self.indices):
            self._origins = len(self.indices), _origins(dataset, self.indices)
        return self._origins[1]


class Pass:
    """One pass of a loader: its order so far, as a number, and the digests of its first batches."""

    def __init__(self, iterator: Any) -> None:
        self.seen: Seen | None = None
        self.source = iterator._sampler_iter  # a new one is a new pass
        self.sampler = type(getattr(iterator._index_sampler, "sampler", None))
        self.order = self.fetched = self.samples = 0
        self.batches, self.through = 0, False  # handed over; whether the rest need not be looked at
        self.head: tuple[int, ...] = ()
        self.early = array("q")  # indices fetched ahead, before it is known whose pass this is


class Samples:
    """What all loaders have handed over."""

    def __init__(self) -> None:
        self._seen: dict[Ref, Seen] = {}
        self._passes: Notes[Pass] = Notes()  # by iterator
        self._last: tuple[Callable[[], Any], Pass | None] = _nobody, None  # the one asked last
        self._orders: dict[int, tuple[Seen, tuple[object, ...]]] = {}  # by id of the dataset: its last whole pass
        self._pairs: dict[tuple[Ref, Ref], tuple[tuple[object, ...], Shared | None]] = {}
        self._left, self._samples = BYTES_IN_ALL, SAMPLES_IN_ALL

    def fetched(self, iterator: Any, index: Any) -> None:
        """A sampler has given the indices of a batch (or one)."""
        link, last = self._last
        now = last if last is not None and link() is iterator else self._pass(iterator)
        if now.source is not iterator._sampler_iter:
            now = self._pass(iterator)
        indices = index if isinstance(index, (list, tuple)) else (index,)
        if not indices or not isinstance(indices[0], (int, np.integer)):
            now.order = now.fetched = 0  # a stream, or a dataset with keys of its own
            return
        now.order = hash((now.order, *indices))
        now.fetched += len(indices)
        seen = now.seen
        if seen is not None and (seen.told or not seen.open):  # see `gathers`
            return
        kept = now.early if seen is None else seen.indices
        if len(kept) < INDICES:
            kept.extend(indices)

    def begins(self, ref: Ref, loader: Any, iterator: Any) -> Pass:
        """A pass begins; with workers, some of its indices have been fetched."""
        seen = self._seen.pop(ref, None)
        if seen is not None:
            self._seen[ref] = seen  # the latest now
        else:
            seen = self._seen[ref] = Seen(ref, loader)
            if len(self._seen) > LOADERS:
                gone = next(iter(self._seen))
                del self._seen[gone]
                self._pairs = {pair: known for pair, known in self._pairs.items() if gone not in pair}
        now = self._pass(iterator)
        now.seen = seen
        if seen.gathers:
            seen.indices.extend(now.early)
        now.early = array("q")
        return now

    def handed(self, now: Pass, batch: Any) -> None:
        """A batch of this pass has been handed over."""
        seen = now.seen
        now.batches += 1
        if seen is None or not seen.readable or not (seen.open or now.batches <= HEAD):
            now.through = now.batches > HEAD
            return
        digest = seen.open and min(SAMPLES - seen.looked, BYTES - seen.bytes, self._left, self._samples) > 0
        if not digest and now.batches > HEAD:
            now.through = True
            return
        try:
            if seen.listed is None:
                seen.listed = is_listed(batch, seen.size)
            fields = listed(batch) if seen.listed else columns(batch, seen.size)
            names = digests(fields)
        except Exception:  # UnreadableError, or data of a kind that raises something of its own
            seen.readable = False
            return
        if now.batches <= HEAD:
            now.head += tuple(names)
        if digest:
            self._digested(seen, fields, names, size_of(batch))

    def ends(self, now: Pass) -> Mapping[str, object]:
        """Facts on a pass that has run dry."""
        if now.seen is None:
            return NO_FACTS
        now.seen.open = False
        shared = tuple(found for other in self._seen.values() if (found := self._shares(now.seen, other)) is not None)
        return _facts(shared, self._repeats(now))

    def _pass(self, iterator: Any) -> Pass:
        now = self._passes.get(iterator)
        if now is None or now.source is not iterator._sampler_iter:  # workers that persist serve one pass after the other
            now = Pass(iterator)
            self._passes.set(iterator, now)
        self._last = weakref.ref(iterator, self._over), now
        return now

    def _over(self, _: Any) -> None:
        self._last = _nobody, None

    def _digested(self, seen: Seen, fields: list[Column], names: list[int], size: int) -> None:
        seen.telling.add(fields, names)
        for name in names:
            if seen.names.setdefault(name, seen.looked) != seen.looked:
                seen.repeated += 1
            seen.looked += 1
        seen.bytes += size
        self._left -= size
        self._samples -= len(names)

    def _shares(self, mine: Seen, theirs: Seen) -> Shared | None:
        """`shares`, asked again only where one of them has handed over more, or is gone."""
        if mine is theirs:
            return None
        now = (*mine.state(), *theirs.state())
        known = self._pairs.get((mine.ref, theirs.ref))
        if known is None or known[0] != now:
            known = self._pairs[mine.ref, theirs.ref] = now, shares(mine, theirs)
        return known[1]

    def _repeats(self, now: Pass) -> Ref | None:
        """The loader whose pass over the same data, the last one, came in the order of this one."""
        assert now.seen is not None
        key = _order(now)
        dataset = now.seen.dataset()
        if key is None or dataset is None:
            return None
        before = self._orders.get(id(dataset))
        self._orders[id(dataset)] = (now.seen, key)
        if len(self._orders) > LOADERS:
            del self._orders[next(iter(self._orders))]
        same = before is not None and before[0].dataset() is dataset and before[1] == key
        return before[0].ref if same and before is not None else None


def shares(mine: Seen, theirs: Seen) -> Shared | None:
    """The samples of one loader that another handed over, too; None where there are none."""
    same = common(mine.origins(), theirs.origins())
    if len(same):
        first, of = same[:SHOWN], len(set(mine.indices))
        counts = len(same), of, len(set(theirs.indices))
        return Shared(theirs.ref, True, *counts, theirs.known, *_chance(mine, theirs), tuple(first))
    where = sorted(at for name, at in mine.names.items() if name in theirs.names)
    if not where:
        return None
    counts = len(where), len(mine.names), len(theirs.names)
    return Shared(theirs.ref, False, *counts, theirs.digested, *_chance(mine, theirs), tuple(where[:SHOWN]))


def _chance(mine: Seen, theirs: Seen) -> tuple[bool, float]:
    return mine.telling.sure() and theirs.telling.sure(), round(theirs.repeated / max(theirs.looked, 1), 3)


def _order(now: Pass) -> tuple[object, ...] | None:
    """What is equal for passes in the same order; None where an order tells nothing."""
    if now.fetched < FEW or now.batches < HEAD:
        return None
    if now.sampler in _RANDOM:
        return now.order, now.fetched
    if now.sampler is SequentialSampler and len(set(now.head)) > 1:
        return now.order, now.fetched, now.head
    return None


@cache
def _facts(shared: tuple[Shared, ...], repeats: Ref | None) -> Mapping[str, object]:
    facts: dict[str, object] = {SHARED: shared} if shared else {}
    return MappingProxyType(facts | ({} if repeats is None else {REPEATS: repeats})) if shared or repeats else NO_FACTS


def _reach(loader: Any) -> Sequence[int] | None:
    """The indices that torch's own samplers may draw; None of any other, and of very many."""
    batches = loader.batch_sampler
    sampler: Any = loader.sampler if batches is None else batches.sampler if type(batches) is BatchSampler else None
    found: Sequence[int] | None = None
    if type(sampler) in (RandomSampler, SequentialSampler):
        found = range(len(sampler.data_source))
    elif type(sampler) is SubsetRandomSampler:
        found = sampler.indices
    elif type(sampler) is WeightedRandomSampler:
        found = np.flatnonzero(numbers(sampler.weights)).tolist()
    return found if found is not None and len(found) <= INDICES else None


def _origins(dataset: Any, indices: Sequence[int]) -> Origins:
    try:
        return origins(dataset, indices)
    except Exception:  # a dataset of the user's may raise what it likes
        return {}


def _nobody() -> None:
    """Stands for a weak reference to nothing."""


def _weak(thing: Any) -> Any:
    try:
        return weakref.ref(thing)
    except TypeError:
        return lambda: None


__all__ = ["Pass", "Samples", "Seen"]
