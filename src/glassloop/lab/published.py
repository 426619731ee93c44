"""What was published of the lab, as a record that a later run is held against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Any

from glassloop.lab.figures import SHOWN

# How far a published number may be off: twice as much; a tenth where it is a share of one.
FACTOR, SHARE, SHARES = 2.0, 0.1, ("accuracy", "share", "clipped")


def row(outcome: Mapping[str, Any], says: str) -> dict[str, Any]:
    """What is recorded of an outcome's JSON: of its figures those that its sentence (`says`) names, and those shown."""
    names = {name for _, name in named(says)} | {name for name, _ in SHOWN}
    figures = {
        arm: {name: value for name, value in found.items() if name in names and value is not None}
        for arm, found in outcome["figures"].items()
    }
    kept = ("rule", "case", "holds", "verdict", "published", "says", "conditions", "heard")
    return {**{key: outcome[key] for key in kept}, "figures": figures}


def named(says: str) -> Iterator[tuple[str, str]]:
    """(arm, figure) for every number in a sentence: `{wrong[update]:.2f}` gives ("wrong", "update")."""
    for _, field, _, _ in Formatter().parse(says):
        if field and "[" in field:
            arm, _, name = field.partition("[")
            yield arm, name.rstrip("]")


def stray(says: str, recorded: Mapping[str, Any], seen: Mapping[str, Any]) -> list[str]:
    """The published numbers of a sentence that a run no longer shows, in words; empty where all are near enough.

    `recorded` and `seen`: arm -> figure -> value. What is checked is that a sentence stays true elsewhere, not that a
    processor rounds alike; a case's `holds` is stricter.
    """
    off = []
    for arm, name in named(says):
        was, now = recorded[arm].get(name), seen[arm].get(name)
        if not _near(name, was, now):
            off.append(f"{arm}[{name}] was {was}, is {now}")
    return off


def _near(name: str, was: Any, now: Any) -> bool:
    if isinstance(was, str) and isinstance(now, str):
        return was.partition(":")[0] == now.partition(":")[0]  # of an exception, its class
    if not all(isinstance(value, (int, float)) for value in (was, now)):
        return bool(was == now)
    if any(word in name for word in SHARES):
        return bool(abs(was - now) <= SHARE)
    return bool(abs(was) / FACTOR <= abs(now) <= abs(was) * FACTOR and was * now >= 0)
