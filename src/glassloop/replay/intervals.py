"""Which parts of a run to replay where the whole is too long, and how likely they are to show that something is wrong."""

import hashlib
from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import comb
from typing import NamedTuple

from glassloop.errors import UserError


class Interval(NamedTuple):
    """The steps after `start` up to and with `end`; a replay of it begins with the checkpoint of step `start` (0: none)."""

    start: int
    end: int


def intervals(checkpoints: Iterable[int], last: int) -> list[Interval]:
    """The parts into which the steps of `checkpoints` cut a run of `last` steps; the first begins at its start.

    Together they hold every step once.
    """
    cuts = sorted({0, *(step for step in checkpoints if 0 < step < last)})
    return [Interval(start, end) for start, end in zip(cuts, [*cuts[1:], last], strict=True) if end > start]


def sample(parts: Sequence[Interval], count: int, seed: int) -> list[Interval]:
    """`count` of them, without repetition, each as likely as another, by order of start.

    They are those whose sha256 of "SEED:START" is smallest: a rule that anybody can follow with sha256sum, in any language.
    Raises UserError where there are fewer.
    """
    if count > len(parts):
        raise UserError(f"--sample {count}: the checkpoints at hand cut this run into {len(parts)} intervals; ask for fewer")
    ordered = sorted(parts, key=lambda part: hashlib.sha256(f"{seed}:{part.start}".encode()).hexdigest())
    return sorted(ordered[:count])


def caught(parts: int, bad: int, count: int) -> Fraction:
    """The probability that `count` of `parts` intervals, chosen at random without repetition, hold one of `bad` bad ones.

    1 - C(parts - bad, count) / C(parts, count), exactly: 1 bad of 1,000 is among 100 chosen in 1 case of 10.
    """
    return 1 - Fraction(comb(parts - bad, count), comb(parts, count))


def odds(parts: int, count: int) -> list[tuple[int, float]]:
    """(bad intervals, probability that at least one of them was among the chosen): for one, 1 %, 10 % and half of all."""
    numbers = sorted({1, *(-(-parts * share // 100) for share in (1, 10, 50))})
    return [(bad, float(caught(parts, bad, count))) for bad in numbers]
