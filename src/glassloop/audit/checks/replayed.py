"""Does running it again give the same?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glassloop.audit.evidence import Evidence
from glassloop.audit.report import Answer

SECTION = "record"
ASKS = "Does running it again give these very rows?"
WHY = "A record says what somebody's machine wrote down. That the code makes it so, only running it shows."
CHANGE = "`glassloop replay RUN -o RUN/replay.json`, or `glassloop audit RUN --replay`: both run the recorded code."
SHOWN = ("same", "record", "steps", "rows", "differing", "fields", "sample", "surroundings", "notes")


def check(evidence: Evidence) -> Answer:
    """The verdict of replay, where there is one."""
    found = evidence.replay
    if found is None:
        return Answer("unknown", "it was not run again", {}, CHANGE)
    facts: dict[str, Any] = {name: found.get(name) for name in SHOWN}
    facts["made"] = "for this audit" if evidence.replayed_now else "before; no row vouches for replay.json"
    rows, steps = found.get("rows"), found.get("steps")
    if type(rows) is not int or type(steps) is not int or rows < 1 or type(found.get("same")) is not bool:
        return Answer("unknown", "what replay.json holds is no verdict of a replay", facts, CHANGE)
    if not found["same"]:
        return Answer("fails", f"{found.get('differing')} of {rows:,} rows differ: {_first(found)}", facts, CHANGE)
    part = _part(found)
    told = "" if evidence.replayed_now else " (by replay.json, which whoever has the folder may have written)"
    says = f"{steps:,} steps were run again{part}, and all {rows:,} rows came bit for bit{told}"
    return Answer("holds" if evidence.replayed_now else "unknown", says, facts, "" if evidence.replayed_now else CHANGE)


def _first(found: Mapping[str, Any]) -> str:
    first = found.get("first")
    return str(first.get("text")) if isinstance(first, dict) else "the first is not told"


def _part(found: Mapping[str, Any]) -> str:
    sample = found.get("sample")
    if not isinstance(sample, dict):
        return ""
    chosen = len(sample.get("chosen") or [])
    return f" ({chosen} of {sample.get('intervals')} intervals, chosen by seed {sample.get('seed')})"
