"""Numbers of steps, as stories tell them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import cast

from glassloop.events import NAMES, ROWS, Event, Row


def rows_of(event: Event) -> tuple[Row, ...]:
    """The rows of a `measured` event of an optimizer; none of a scaler's."""
    return cast("tuple[Row, ...]", event.facts.get(ROWS, ()))


def names_of(event: Event) -> tuple[str, ...]:
    """The names of its parameters."""
    return cast("tuple[str, ...]", event.facts.get(NAMES, ()))


def known(values: Iterable[float | None]) -> Iterator[float]:
    """Those that were looked at and are finite."""
    return (value for value in values if value is not None and math.isfinite(value))


def middle(values: Iterable[float | None]) -> float:
    """Their median; 0 where none is known."""
    return median(found) if (found := list(known(values))) else 0.0


def short(value: float) -> str:
    """Three digits."""
    return f"{value:.3g}"


def listed(names: Sequence[str], most: int = 3) -> str:
    """Names for a sentence, as a template takes them: the first few, and how many more there are."""
    told = ", ".join(name.replace("{", "{{").replace("}", "}}") for name in names[:most])
    return told if len(names) <= most else f"{told} and {len(names) - most} more"
