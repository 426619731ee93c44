"""Which samples of a step hold other bytes, or have another label, than those that were recorded."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from glassloop.errors import UserError
from glassloop.record.orders import Record
from glassloop.record.reading import inside, open_plain

_LONGEST = 4096  # bytes of a line of data/
_NAMED = 5


def changed(recorded: Path, again: Path, files: Mapping[int, tuple[str, str]], records: Iterable[Record]) -> str:
    """A line that names the samples of these batches whose digest or label differs; empty where none does, or none is known.

    `files` gives the names of a loader's file in the run folders `recorded` and `again`. Digests are there for samples that
    were seen within the record's budget.
    """
    wanted: dict[int, set[int]] = {}
    for record in records:
        found = {int.from_bytes(record.indices[at : at + 8], "little") for at in range(0, len(record.indices), 8)}
        wanted.setdefault(record.loader, set()).update(found)
    said = []
    for loader, indices in wanted.items():
        names = files.get(loader, (f"data/loader-{loader}.jsonl",) * 2)
        before, now = _lines(recorded, names[0], indices), _lines(again, names[1], indices)
        both = sorted(index for index in indices if index in before and index in now and before[index] != now[index])
        said += [_difference(index, before[index], now[index]) for index in both]
    more = f"; and {len(said) - _NAMED} more samples" if said[_NAMED:] else ""
    return "; ".join(said[:_NAMED]) + more


def _difference(index: int, before: dict[str, Any], now: dict[str, Any]) -> str:
    said = ["other bytes"] if before.get("d") != now.get("d") else []
    if before.get("y") != now.get("y"):
        said.append(f"label {before.get('y')} recorded, {now.get('y')} now")
    return f"sample {index}: {', '.join(said)}"


def _lines(folder: Path, name: str, indices: set[int]) -> dict[int, dict[str, Any]]:
    """What a file of data/ says of these samples."""
    found: dict[int, dict[str, Any]] = {}
    try:
        for line in _read(inside(folder, name)):
            sample = json.loads(line)
            if sample["i"] in indices:
                found[sample["i"]] = sample
    except (OSError, UserError, ValueError, KeyError, TypeError, RecursionError):
        pass  # it says nothing more than the rows did: a hint is left out, no verdict changes
    return found


def _read(path: Path) -> Iterator[bytes]:
    with open_plain(path) as file:
        while line := file.readline(_LONGEST):
            yield line
