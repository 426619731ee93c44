"""findings.json of a run that takes several sessions: what an earlier one saw is kept, what is seen again is counted."""

import json
from pathlib import Path
from typing import Any

from glassloop.record.files import write_json

Entries = list[dict[str, Any]]


def earlier(path: Path) -> Entries:
    """What a findings.json holds; nothing where there is none, or none that can be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return [entry for entry in found if _key(entry)]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def merged(before: Entries, now: Entries, session: int) -> Entries:
    """Findings of the sessions before and of this one, the `session`-th.

    One that was seen before keeps its step, and its counts are added; a new one says its session, unless that is the first.
    """
    known = {_key(entry): dict(entry) for entry in before}
    for entry in now:
        old = known.get(_key(entry))
        if old is None:
            known[_key(entry)] = {**entry, "session": session} if session > 1 else dict(entry)
        else:
            old["count"] = old.get("count", 1) + entry["count"]
    return list(known.values())


def write(path: Path, before: Entries, now: Entries, session: int) -> None:
    """Write findings.json, whole or not at all. Raises OSError where that fails."""
    write_json(path, merged(before, now, session))


def _key(entry: dict[str, Any]) -> tuple[Any, ...]:
    return entry["rule"], entry["path"], entry["line"], entry["column"]
