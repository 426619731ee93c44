"""What answered comparisons of an unknown number say of the next one: `3 < n` is false where `1 < n` was.

Without this a loop over `i < n` would be played with ends that no `n` gives, once for each way to answer.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

from glassloop.events import LOADER, Ref

MIRRORED = {"Lt": "Gt", "LtE": "GtE", "Gt": "Lt", "GtE": "LtE"}
OPPOSITE = {"Lt": "GtE", "LtE": "Gt", "Gt": "LtE", "GtE": "Lt"}


def question(number: Any, op: str, unknown: Hashable, plus: int, mirrored: bool) -> Hashable:
    """The key of `number op unknown + plus`, or, where `mirrored`, of the two sides changed over."""
    if mirrored:
        op = MIRRORED.get(op, f"{op} mirrored")
    if not _is_number(number):
        return ("cmp", op, repr(number), unknown, plus)
    return ("cmp", op, number - plus, unknown, 0)


def implied(assumed: Mapping[Hashable, bool], key: tuple[Any, ...]) -> bool | None:
    """The answer to a question (`cmp`, as above, or `eq`) that earlier answers leave no choice about; else None."""
    if key[0] == "eq":
        return None if _within(key[2], *_range(assumed, key[1])) else False
    if len(key) != 5 or key[1] not in MIRRORED or not isinstance(key[2], (int, float)):
        return None
    low, high = _range(assumed, key[3])
    if low is None and high is None:
        return None
    op, number = key[1], key[2]
    return True if _always(op, number, low, high) else False if _always(OPPOSITE[op], number, low, high) else None


Bound = tuple[float, bool] | None  # and whether the number itself is within


def _range(assumed: Mapping[Hashable, bool], unknown: Hashable) -> tuple[Bound, Bound]:
    lows: list[tuple[float, bool]] = [(1, True)] if _is_length(unknown) else []
    highs: list[tuple[float, bool]] = []
    for key, answer in assumed.items():
        if not isinstance(key, tuple):
            continue
        if len(key) == 5 and key[0] == "cmp" and key[3] == unknown and key[1] in MIRRORED and not isinstance(key[2], str):
            op = key[1] if answer else OPPOSITE[key[1]]
            (lows if op in ("Lt", "LtE") else highs).append((key[2], op in ("LtE", "GtE")))
        elif len(key) == 3 and key[0] == "eq" and key[1] == unknown and answer and _is_number(key[2]):
            lows.append((key[2], True))
            highs.append((key[2], True))
    # Of two equal bounds the one that leaves the number out is the tighter.
    low = max(lows, key=lambda b: (b[0], not b[1])) if lows else None
    high = min(highs, key=lambda b: (b[0], b[1])) if highs else None
    return low, high


def _is_length(unknown: Hashable) -> bool:
    """A loader is never empty: who asks whether it is guards against what does not come about."""
    of = unknown[1] if isinstance(unknown, tuple) and unknown[:1] == ("len",) else None
    return isinstance(of, Ref) and of.role == LOADER


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value)


def _within(number: Any, low: Bound, high: Bound) -> bool:
    if not _is_number(number):
        return True
    above = low is None or number > low[0] or (low[1] and number == low[0])
    return above and (high is None or number < high[0] or (high[1] and number == high[0]))


def _always(op: str, number: float, low: Bound, high: Bound) -> bool:
    """Whether `number op n` holds for every n between the bounds."""
    if op in ("Lt", "LtE"):
        return low is not None and (number < low[0] or (number == low[0] and (op == "LtE" or not low[1])))
    return high is not None and (number > high[0] or (number == high[0] and (op == "GtE" or not high[1])))
