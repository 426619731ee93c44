"""What the rules' experiments measured, as it was published: sentences with their numbers and conditions.

The record is bench/results/lab.json, written by bench/lab.py and held by CI against new runs. A wheel carries it as
measured.json; a checkout reads it where it lies. Where there is neither, nothing was measured here.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
RECORDS = (HERE / "measured.json", HERE.parents[1] / "bench" / "results" / "lab.json")


class Measured(NamedTuple):
    """One case of an experiment: under what conditions, what was seen, in a word (`silent`) and in a sentence."""

    case: str
    verdict: str
    says: str


@cache
def measured() -> dict[str, tuple[Measured, ...]]:
    """The cases of each rule that was measured, by its name."""
    found: dict[str, tuple[Measured, ...]] = {}
    for row in _record().get("rows", []):
        found[row["rule"]] = (*found.get(row["rule"], ()), Measured(row["case"], row["verdict"], row["says"]))
    return found


def conditions() -> str:
    """On what it was measured, in a few words; empty where nothing was."""
    told = _record().get("conditions", {})
    names = ("torch", "cpu", "gpu", "date")
    return ", ".join(f"{'torch ' if name == 'torch' else ''}{told[name]}" for name in names if told.get(name))


@cache
def _record() -> dict[str, Any]:
    path = next((p for p in RECORDS if p.is_file()), None)
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path is not None else {}
