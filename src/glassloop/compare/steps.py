"""Two trainings, step by step: where they part, where their data does, and the losses on the way."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

from glassloop.errors import UserError
from glassloop.record import ledger, orders
from glassloop.record.difference import Difference, differences, lasting
from glassloop.record.handed import Handed
from glassloop.record.reading import inside

POINTS = 300  # of a curve that is drawn
FIRST = 5  # differences that are told


class Parted(NamedTuple):
    """How two streams of rows differ: the first differences, how many there are, how many steps were compared."""

    first: list[Difference]
    rows: int  # that differ
    steps: tuple[int, int]


class Order(NamedTuple):
    """Where the order of the training data first differs: the step, the place in its batches, and the indices there."""

    step: int
    place: int | None  # None: the digests differ, and the indices are not at hand
    a: int | None
    b: int | None


def parted(a: Path, b: Path) -> Parted:
    """Compare two ledgers, as far as both go. Raises UserError where one cannot be read."""
    first: list[Difference] = []
    count = 0
    steps = [0, 0]
    streams = (_counted(a, steps, 0), _counted(b, steps, 1))
    for one in differences(*streams):
        count += 1
        if len(first) < FIRST:
            first.append(one)
    return Parted(first, count, (steps[0], steps[1]))


def _counted(folder: Path, steps: list[int], side: int) -> Iterator[dict[str, Any]]:
    for row in lasting(lambda: ledger.rows(folder / ledger.NAME)):
        if row.get("row") in ("checkpoint", "end"):
            continue  # where they were kept and how they ended is no part of the training
        steps[side] += row.get("row") == "step"
        yield dict(row)


def order(a: Path, b: Path) -> Order | None:
    """The first step whose samples differ, or None. Raises UserError where a record cannot be read."""
    for (step, one, mine), (other_step, other, theirs) in zip(_orders(a), _orders(b), strict=False):
        if one == other and step == other_step:
            continue
        places = enumerate(zip_longest(mine, theirs))
        place, (left, right) = next(((at, pair) for at, pair in places if pair[0] != pair[1]), (None, (None, None)))
        return Order(step, place, left, right)
    return None


def _orders(folder: Path) -> Iterator[tuple[int, Any, array[int]]]:
    """(step, digest of its order, its indices) of each step that has one."""
    if not inside(folder, orders.NAME).exists():
        for row in ledger.rows(folder / ledger.NAME):
            if row["row"] == "step" and row.get("order") is not None:
                yield row["step"], row["order"], array("q")
        return
    for row, records in Handed(folder):
        if row["row"] == "step" and row.get("order") is not None:
            indices = array("q")
            for record in records:
                indices.frombytes(record.indices)
            yield row["step"], row["order"], indices


def losses(folder: Path) -> list[dict[str, Any]]:
    """The loss and the first learning rate by step, as means over so many steps that `POINTS` remain; [] without any."""
    steps: list[tuple[int, float, float]] = []
    try:
        for row in lasting(lambda: ledger.rows(folder / ledger.NAME)):
            rates = row.get("lr")
            if row.get("row") == "step" and isinstance(row.get("loss"), (int, float)):
                rate = rates[0] if isinstance(rates, list) and rates and isinstance(rates[0], (int, float)) else math.nan
                steps.append((row["step"], float(row["loss"]), float(rate)))
    except UserError:
        pass  # as far as it can be read
    width = -(-len(steps) // POINTS) or 1
    groups = [steps[at : at + width] for at in range(0, len(steps), width)]
    means = [sum(one[1] for one in group) / len(group) for group in groups]
    return [{"step": g[-1][0], "train_loss": mean, "lr": g[-1][2]} for g, mean in zip(groups, means, strict=True)]
