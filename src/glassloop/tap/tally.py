"""What each line of a run did, in numbers: how often it caused which event. profile.py adds what that cost."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from glassloop.events import END, ONLY_HEARD, STEP, Event
from glassloop.tap.place import Spot, resolve


class Tally:
    """Counts events by line; hearing one is one look into a table."""

    def __init__(self) -> None:
        self.steps = 0
        self.calls: dict[int, int] = {}  # by id of an event; `events` keeps them, so the ids stay theirs
        self.events: dict[int, Event] = {}

    def hear(self, event: Event) -> None:
        """Count it. What the ear finds by itself is no line's doing."""
        if event.kind in ONLY_HEARD:
            return
        key = id(event)
        if key in self.calls:
            self.calls[key] += 1
        else:
            self.calls[key], self.events[key] = 1, event
        if event.kind == STEP:
            self.steps += 1

    def as_json(self, root: Path) -> dict[str, Any]:
        """What lines.json holds. Paths are seen from `root`, the folder of the script."""
        rows: dict[tuple[str, int, str], dict[str, Any]] = {}
        for key, event in self.events.items():
            if not isinstance(event.at, Spot) or event.kind == END:
                continue
            where = resolve(event.at)
            path = _name(where.path, root)
            row = rows.setdefault(
                (path, where.line, event.kind), {"path": path, "line": where.line, "kind": event.kind, "calls": 0}
            )
            row["calls"] += self.calls[key]
            self.add(row, key)
        return {"format": "glassloop-lines/1", "steps": self.steps, **self.whole(), "lines": [rows[k] for k in sorted(rows)]}

    def add(self, row: dict[str, Any], key: int) -> None:
        """Add to a line's row what is known beyond the count."""

    def whole(self) -> dict[str, Any]:
        """What is known of the run as a whole."""
        return {}


def _name(path: str, root: Path) -> str:
    """As run.json names sources: from the script's folder, with forward slashes."""
    try:
        return Path(os.path.relpath(Path(path).resolve(), root.resolve())).as_posix().replace("../", "up/")
    except ValueError:  # another drive, on Windows
        return os.path.basename(path)
