"""What two records state of themselves, side by side: settings, command, surroundings, sources, data."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from glassloop.audit.evidence import Evidence

# Where a run lies and how it was asked to go on: not what it trained.
PLACES = ("run_dir", "resume", "stop_at")
MOST_LINES = 5000  # of a text that is compared line by line


class Differs(NamedTuple):
    """One fact that the two runs state differently; None where one states nothing."""

    name: str
    a: Any
    b: Any


class SourceDiffers(NamedTuple):
    """A file that is not the same in both: its unified difference, empty where a text was not kept or is too long."""

    name: str
    lines: tuple[str, ...]
    why: str = ""  # there are no lines


def differing(a: Any, b: Any, leave_out: tuple[str, ...] = ()) -> list[Differs]:
    """The facts, by their dotted names, in which two JSON values differ."""
    one, other = dict(_flat(a, "")), dict(_flat(b, ""))
    names = [name for name in dict.fromkeys((*one, *other)) if name.rpartition(".")[2] not in leave_out]
    return [Differs(name, one.get(name), other.get(name)) for name in names if one.get(name) != other.get(name)]


def sources(a: Evidence, b: Evidence) -> list[SourceDiffers]:
    """The files whose digests differ, or that only one of them ran."""
    was, now = _named(a), _named(b)
    found = []
    for name in dict.fromkeys((*was, *now)):
        if was.get(name) != now.get(name):
            found.append(_source(name, a.sources.get(name), b.sources.get(name), name in was, name in now))
    return found


def _source(name: str, a: bytes | None, b: bytes | None, in_a: bool, in_b: bool) -> SourceDiffers:
    if not (in_a and in_b):
        return SourceDiffers(name, (), f"only {'A' if in_a else 'B'} ran it")
    if a is None or b is None:
        return SourceDiffers(name, (), f"its text was not kept by {'A' if a is None else 'B'}")
    one, other = (text.decode("utf-8", "replace").splitlines() for text in (a, b))
    if max(len(one), len(other)) > MOST_LINES:
        return SourceDiffers(name, (), f"it has more than {MOST_LINES:,} lines")
    return SourceDiffers(name, tuple(difflib.unified_diff(one, other, f"A/{name}", f"B/{name}", lineterm="")))


def _named(evidence: Evidence) -> Mapping[str, Any]:
    found = evidence.run.get("sources")
    return found if isinstance(found, dict) else {}


def _flat(value: Any, name: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value and depth < 8:
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key), depth + 1)
    elif value is not None:
        yield name, value
