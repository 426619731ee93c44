"""How much of the run the record tells of."""

from __future__ import annotations

from typing import Any

from glassloop.audit.evidence import Evidence
from glassloop.audit.report import Answer, named

SECTION = "record"
ASKS = "Does the record cover the whole run?"
WHY = "What no row tells of may have been anything; an audit speaks of the rest alone."
CHANGE = "Record from the first step to the end, with --data-digest full."


def check(evidence: Evidence) -> Answer:
    """Steps with rows, sessions and how they ended, samples digested."""
    story = evidence.story
    facts: dict[str, Any] = {
        "rows": dict(story.kinds), "sessions": [_session(one) for one in story.sessions],
        "steps_without_row": story.gaps(), "data": {str(loader): _data(evidence, loader) for loader in evidence.loaders},
        "draws_done_again": evidence.walk.superseded,
    }  # fmt: skip
    if not story.kinds["step"]:
        return Answer("unknown", story.unread or "no step was recorded", facts, CHANGE)
    open_ends = []
    if story.unread:
        open_ends.append(story.unread)
    if story.gaps():
        open_ends.append(f"no row tells of steps {named([f'{a} to {b}' for a, b in story.gaps()])}")
    cut = [number for number, session in enumerate(story.sessions, 1) if session.status is None]
    if len(story.sessions) in cut:
        open_ends.append("the last session did not come to its end: what it did after its last row is not known")
    partly = [str(loader) for loader in evidence.loaders if _part(evidence, loader)]
    if partly:
        open_ends.append(f"not every sample of {named(partly)} was digested")
    last = max(session.last or 0 for session in story.sessions)
    told = f"steps 1 to {last:,} in {len(story.sessions)} sessions" if len(story.sessions) > 1 else f"all {last:,} steps"
    if open_ends:
        return Answer("unknown", "; ".join(open_ends), facts, CHANGE)
    killed = f"; session {named(cut)} was cut, and went on from a checkpoint" if cut else ""
    known = {loader.session for loader in evidence.loaders}
    undescribed = [number for number in cut if number not in known]
    if undescribed:
        killed += f"; what loaders session {named(undescribed)} had is not known: a session says so at its end"
    return Answer("holds", f"{told} have a row{killed}", facts)


def _session(one: Any) -> dict[str, Any]:
    return {"started": one.started, "steps": [one.first, one.last], "rows": one.steps, "resumed_from": one.resumed_from,
            "ended": one.status or "cut"}  # fmt: skip


def _data(evidence: Evidence, loader: Any) -> dict[str, Any]:
    return {"length": loader.number_of("length"), "seen": loader.number_of("seen"),
            "digested": len(evidence.samples[loader.key]), "stopped": loader.about.get("stopped")}  # fmt: skip


def _part(evidence: Evidence, loader: Any) -> bool:
    seen = loader.number_of("seen")
    return evidence.samples[loader.key].cut or (seen is not None and len(evidence.samples[loader.key]) < seen)
