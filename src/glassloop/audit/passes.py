"""Who was seen when: the passes over the loaders, counted from order.bin and the ledger's rows.

A row with an order says how many records of order.bin it covers. A record without indices begins a pass. What a killed
session did beyond the checkpoint that the next one went on from is no part of the run: it was done again.
"""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from glassloop.audit.samples import MOST_LOADERS, Key, Loader
from glassloop.record import ledger, orders
from glassloop.record.difference import superseded
from glassloop.record.handed import Handed
from glassloop.record.reading import inside

MOST_BYTES = 1 << 33  # of order.bin; an audit of more says so
FEW = 5  # examples kept


@dataclass(frozen=True)
class Pass:
    """One walk over a loader, or the part of it that the record holds."""

    loader: Key
    number: int  # of this loader's, from 0
    epoch: int | None  # of the steps taken in it
    steps: tuple[int, int] | None  # the first and the last step that it fed; None for an evaluation
    draws: int
    distinct: int
    repeated: int  # indices drawn more than once
    examples: tuple[tuple[int, int], ...]  # of those: (index, how often)
    missing: int | None  # indices of the data set that were not drawn; None where its length is not known
    absent: tuple[int, ...]  # of those, the first
    classes: Mapping[int, int]  # how often a label was drawn; empty where the labels are not known
    unlabelled: int  # draws of samples whose label is not known
    order: str  # sha256 over the indices in the order drawn
    first: int | None  # the first index drawn


@dataclass
class Walk:
    """All passes of a run, and what of order.bin could not be used."""

    passes: list[Pass] = field(default_factory=list)
    seen: dict[Key, set[int]] = field(default_factory=dict)  # by loader: the indices that any pass drew
    superseded: int = 0  # draws of steps that were done again
    torn: bool = False  # the file ends before the rows do
    cut: bool = False  # there is more than is read


class _Open:
    """A pass that is being counted."""

    def __init__(self) -> None:
        self.counts: Counter[int] = Counter()
        self.sequence = sha256()
        self.first: int | None = None
        self.epoch: int | None = None
        self.steps: tuple[int, int] | None = None

    def take(self, indices: array[int], row: Mapping[str, Any]) -> None:
        """Count a batch, which `row` covers."""
        if self.first is None:
            self.first = indices[0]
        self.counts.update(indices)
        self.sequence.update(indices.tobytes())
        step, epoch = row.get("step"), row.get("epoch")
        if row.get("row") == "step" and isinstance(step, int):
            self.steps = (self.steps[0] if self.steps else step, step)
            if self.epoch is None and isinstance(epoch, int):
                self.epoch = epoch


class _Walker:
    def __init__(self, loaders: tuple[Loader, ...], labels: Mapping[Key, Mapping[int, int]]) -> None:
        self.loaders, self.labels = {loader.key: loader for loader in loaders}, labels
        self.walk = Walk()
        self.open: dict[Key, _Open] = {}
        self.made: Counter[Key] = Counter()
        self.session = 0

    def record(self, number: int, indices: array[int], row: Mapping[str, Any]) -> None:
        """A batch, or with no indices the beginning of a pass."""
        key = (self.session, number)
        if key not in self.open and len(self.open) >= MOST_LOADERS:
            return
        if not indices:
            self.close(key)
        current = self.open.setdefault(key, _Open())
        if indices:
            current.take(indices, row)

    def close(self, key: Key) -> None:
        """A pass has ended."""
        current = self.open.pop(key, None)
        if current is None or not current.counts:
            return
        loader = self.loaders.get(key)
        self.walk.passes.append(
            _closed(current, key, self.made[key], loader.number_of("length") if loader else None, self.labels.get(key, {}))
        )
        self.made[key] += 1
        self.walk.seen.setdefault(key, set()).update(current.counts)

    def close_all(self) -> None:
        """A session has ended."""
        for key in list(self.open):
            self.close(key)


def _closed(done: _Open, key: Key, number: int, length: int | None, labels: Mapping[int, int]) -> Pass:
    counts = done.counts
    more = [(index, times) for index, times in counts.items() if times > 1]
    classes: Counter[int] = Counter()
    for index, times in counts.items():
        if index in labels:
            classes[labels[index]] += times
    draws = sum(counts.values())
    missing = None if length is None else max(0, length - len(counts))
    absent = islice((i for i in range(length or 0) if i not in counts), FEW if missing else 0)
    return Pass(
        loader=key, number=number, epoch=done.epoch, steps=done.steps, draws=draws, distinct=len(counts),
        repeated=len(more), examples=tuple(more[:FEW]), missing=missing, absent=tuple(absent), classes=dict(classes),
        unlabelled=draws - sum(classes.values()), order=done.sequence.hexdigest(), first=done.first,
    )  # fmt: skip


def passes(folder: Path, loaders: tuple[Loader, ...], labels: Mapping[Key, Mapping[int, int]]) -> Walk:
    """Every pass of the run in `folder`. Raises UserError where the ledger or order.bin cannot be read."""
    walker = _Walker(loaders, labels)
    if not inside(folder, orders.NAME).exists():
        return walker.walk
    made_again = superseded(ledger.rows(folder / ledger.NAME))
    rows = Handed(folder)
    for row, records in rows:
        if row["row"] == "run":
            walker.close_all()
            walker.session += 1
        again = row["row"] in ("step", "eval") and made_again(row)
        for record in records:
            indices = _indices(record.indices)
            if again:
                walker.walk.superseded += len(indices)
            else:
                walker.record(record.loader, indices, row)
        if rows.at > MOST_BYTES:
            walker.walk.cut = True
            break
    walker.walk.torn = rows.torn
    walker.close_all()
    return walker.walk


def _indices(data: bytes) -> array[int]:
    found = array("q", data)
    if sys.byteorder == "big":
        found.byteswap()
    return found
