"""Which batches were handed over, by which pass of which loader, and to which row of the ledger they belong.

The file and its records are those of record/orders.py. Records are written when their row is, so that the rows' `batches`
cut the file.
"""

from __future__ import annotations

import os
import struct
import weakref
from array import array
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import torch

from glassloop.record.orders import HEAD, NAME, OrderFile, packer
from glassloop.recorder.data import Data, Samples

_recording = torch.is_grad_enabled
_one = packer(1)
_LATEST = 64  # loaders among which one that was made anew is looked for


class Covered(NamedTuple):
    """What a row says of its batches: `record`, the bytes of their order; `content`, a digest where they have no indices."""

    record: bytes
    batches: int
    samples: int
    content: str | None


NOTHING = Covered(b"", 0, 0, None)


class Loader:
    """A loader of the run: `number` counts them in the order of their first batch."""

    def __init__(self, number: int, loader: Any, samples: Samples | None) -> None:
        self.number, self.samples = number, samples
        self.loader, self.dataset = _weak(loader), _weak(getattr(loader, "dataset", None))
        self.kind = _kind(loader)
        self.epoch = -1  # passes of it that fed a step, less one
        self.covered = 0  # rows of steps that have batches of it
        self.evaluated = False
        self.begin = HEAD.pack(number, 0)


class Pass:
    """A pass under way."""

    __slots__ = ("batches", "begun", "dry", "epoch", "fed", "loader", "recording", "samples", "source", "stepped", "world")

    def __init__(self, loader: Loader, iterator: Any) -> None:
        self.loader = loader
        self.source = getattr(iterator, "_sampler_iter", None)  # a new one is a new pass
        self.batches = self.samples = 0
        self.begun = self.dry = False
        self.fed = self.stepped = False  # whether a backward came after a batch of it, and a step
        self.recording = False  # whether a batch was handed over while graphs were recorded
        self.epoch: int | None = None


class Batch(NamedTuple):
    """A batch that waits for its row."""

    of: Pass
    record: bytes
    size: int
    content: str | None
    begins: bool  # whether a record without an index stands before its own


_batch: Callable[[tuple[Any, ...]], Batch] = partial(tuple.__new__, Batch)  # without a frame of Python's for each


class Order:
    """The passes of a run, and the file of their order."""

    def __init__(self, folder: Path, data: Data) -> None:
        self._path, self._data = folder / NAME, data
        self._file: int | None = None
        self.size = 0
        self.loaders: list[Loader] = []
        self._by_loader: weakref.WeakKeyDictionary[Any, Loader] = weakref.WeakKeyDictionary()
        self._passes: weakref.WeakKeyDictionary[Any, Pass] = weakref.WeakKeyDictionary()
        self._last: tuple[Any, Pass | None] = (lambda: self, None)  # the latest iterator that began, weakly, and its pass
        self._waiting: list[Batch] = []
        self._same: Pass | None = None  # of the one batch, with an order, of the last step's row
        self._count = 0  # how many samples it had
        self.unfed = True  # whether a backward tells something new of the batches that wait
        self.feeding: Pass | None = None  # the pass of the last batch before the last backward
        self.first_epoch = 0  # what the first feeding pass of a resumed session is

    def open(self) -> int:
        """Opens order.bin; gives the byte at which this session begins: a record that a kill tore is cut off first."""
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        self._file = os.open(self._path, flags, 0o666)
        there = OrderFile(self._path.parent)
        try:
            self.cut(there.end())
        finally:
            there.close()
        return self.size

    def cut(self, size: int) -> None:
        """Cuts the file to so many bytes."""
        if self._file is not None:
            os.ftruncate(self._file, size)
        self.size = size

    def close(self) -> None:
        """Syncs the file and lets go of it."""
        if self._file is not None:
            file, self._file = self._file, None
            os.fsync(file)
            os.close(file)

    # --- what passes -----------------------------------------------------------------------------------------------------

    def begins(self, loader: Any, iterator: Any) -> None:
        """A pass begins."""
        try:
            known = self._by_loader.get(loader)
            if known is None:
                known = self._by_loader[loader] = self._met(loader)
            self._began(Pass(known, iterator), iterator)
        except TypeError:  # made by the user in a way that cannot be a key
            pass

    def handed(self, iterator: Any, index: Any, batch: Any) -> None:
        """A batch was handed over."""
        latest, now = self._last
        if now is None or latest() is not iterator or now.source is not getattr(iterator, "_sampler_iter", None):
            now = self._pass(iterator)
        loader = now.loader
        now.batches += 1
        now.recording = now.recording or _recording()
        try:
            if type(index) is int:
                count, record = 1, _one(loader.number, 1, index)
            else:
                listed = index if type(index) is list else _listed(index)
                count = len(listed)
                record = packer(count)(loader.number, count, *listed)
        except (struct.error, TypeError):  # of a stream, or a dataset with keys of its own
            count, content = self._data.stream(loader.samples, batch, now.batches)
            self._waiting.append(Batch(now, b"", count, content, False))
            return
        begins = not now.begun
        if begins:
            now.begun = True
            record = loader.begin + record
        if now is not self.feeding or not now.fed:
            self.unfed = True
        self._waiting.append(_batch((now, record, count, None, begins)))
        samples = loader.samples
        if samples is not None and samples.open:
            samples.saw(array("q", _listed(index)), batch, index)

    def dry(self, iterator: Any) -> Pass | None:
        """A pass has no more batches; gives it where it was an evaluation for certain."""
        now = self._passes.get(iterator)
        if now is None or now.source is not getattr(iterator, "_sampler_iter", None):
            return None
        now.dry = True
        if now.loader.samples is not None:
            now.loader.samples.pass_ended()
        return now if not (now.fed or now.stepped or now.recording) and now.batches else None

    def backward(self) -> None:
        """A backward begins: what was handed over while graphs were recorded may have fed it."""
        self.unfed = False
        for batch in self._waiting:
            if batch.of.recording:
                batch.of.fed = True
                self.feeding = batch.of

    @property
    def next_epoch(self) -> int | None:
        """The epoch that the next step will be of, as far as is known; None before the first."""
        feeding = self.feeding
        return None if feeding is None or feeding.epoch is None else feeding.epoch + feeding.dry

    @property
    def doubtful(self) -> bool:
        """Whether some of what waits may be of an evaluation."""
        waiting = self._waiting
        return len(waiting) > 1 or (len(waiting) == 1 and not waiting[0].of.recording)

    def evaluations(self) -> list[Pass]:
        """The passes whose batches wait and that fed nothing: to be asked before a step, another pass, or the end."""
        found = dict.fromkeys(b.of for b in self._waiting if not b.of.fed and not b.of.stepped)
        return [one for one in found if one.dry or not one.recording]

    def evaluated(self, one: Pass) -> Covered:
        """The batches of an evaluation, for its row."""
        one.loader.evaluated = True
        mine = [batch for batch in self._waiting if batch.of is one]
        self._waiting = [batch for batch in self._waiting if batch.of is not one]
        return self._cover(mine)

    def usual(self) -> bytes | None:
        """The order of all that waits where its row says the same as the last one's but for the order itself; else None."""
        waiting = self._waiting
        if len(waiting) == 1:
            now, record, count, _, begins = waiting[0]
            if now is self._same and count == self._count and not begins and now is self.feeding:
                waiting.clear()
                return record
        return None

    def stepped(self) -> tuple[Covered, int | None]:
        """All that waits, for the row of a step; and the epoch of the pass that feeds it."""
        waiting, feeding = self._waiting, self.feeding
        self._waiting = []
        for one in {batch.of for batch in waiting}:
            one.loader.covered += 1
            one.stepped = True
        if len(waiting) == 1:
            feeding = waiting[0].of
        elif waiting and feeding is None:
            feeding = waiting[-1].of
        self.feeding = feeding
        covered = self._cover(waiting) if waiting else NOTHING
        self._same, self._count = (feeding if len(waiting) == covered.batches == 1 else None), covered.samples
        if feeding is None:
            return covered, None
        if feeding.epoch is None:
            loader = feeding.loader
            loader.epoch = self.first_epoch if loader.epoch < 0 else loader.epoch + 1
            feeding.epoch = loader.epoch
        return covered, feeding.epoch

    def write(self, record: bytes) -> None:
        """Writes the order of a row."""
        assert self._file is not None
        os.write(self._file, record)
        self.size += len(record)

    def _cover(self, batches: list[Batch]) -> Covered:
        """What the row of these batches says."""
        there = [batch for batch in batches if batch.record]
        count = sum([batch.size for batch in there or batches])
        if not there:
            contents = [batch.content for batch in batches if batch.content]
            named = contents[0] if len(batches) == 1 and contents else _digest(contents)
            return Covered(b"", 0, count, named)
        records = len(there) + sum([batch.begins for batch in there])
        return Covered(b"".join([batch.record for batch in there]), records, count, None)

    # --- loaders ---------------------------------------------------------------------------------------------------------

    def _pass(self, iterator: Any) -> Pass:
        now = self._passes.get(iterator)
        if now is not None and now.source is getattr(iterator, "_sampler_iter", None):
            return now
        # Without one it began before the recording, or is of a loader with iterators of its own.
        return self._began(Pass(self._met(iterator) if now is None else now.loader, iterator), iterator)

    def _began(self, now: Pass, iterator: Any) -> Pass:
        self._passes[iterator] = now
        self._last = weakref.ref(iterator), now
        return now

    def _met(self, loader: Any) -> Loader:
        for one in self.loaders[-_LATEST:]:  # made anew for each epoch
            if one.loader() is None and one.kind == _kind(loader) and one.dataset() is getattr(loader, "dataset", None):
                one.loader = _weak(loader)
                return one
        number = len(self.loaders)
        found = Loader(number, loader, self._data.met(number, loader))
        self.loaders.append(found)
        return found

    def as_json(self) -> list[dict[str, Any]]:
        """data/loaders.json: what each loader was, and what was seen of it."""
        return [self._data.about(one.number, _split(one)) for one in self.loaders]


def _listed(index: Any) -> list[Any] | tuple[Any, ...]:
    """The indices that a sampler gave for a batch: one, a list of them, an array, or something that has `indices`.

    Raises TypeError for anything else.
    """
    if type(index) is int:
        return (index,)
    if hasattr(index, "indices") and not callable(index.indices):  # kit.data.Keys
        index = index.indices
    if hasattr(index, "tolist"):  # numpy's or torch's
        index = index.tolist()
        index = index if isinstance(index, list) else [index]
    if not isinstance(index, (list, tuple)):
        raise TypeError
    return index


def _digest(contents: list[str]) -> str | None:
    return sha256("".join(contents).encode()).hexdigest()[:32] if contents else None


def _split(loader: Loader) -> str:
    """What a loader is for: "train" where its batches came before steps, "val" where passes of it were evaluations."""
    if loader.epoch >= 0 or loader.covered > 1:
        return "train"
    return "val" if loader.evaluated else "looked at" if loader.covered else "unused"


def _kind(loader: Any) -> tuple[object, ...]:
    batches = getattr(loader, "batch_sampler", None)
    return getattr(loader, "batch_size", None), type(getattr(loader, "sampler", None)), type(batches)


def _weak(thing: Any) -> Any:
    try:
        return weakref.ref(thing)
    except TypeError:  # a plain list, which is none of the kind
        return lambda: _NOBODY


_NOBODY = object()
