"""What watch heard while the run trained."""

from __future__ import annotations

from glassloop.audit.checks._findings import answer
from glassloop.audit.evidence import Evidence
from glassloop.audit.report import Answer

SECTION = "training"
ASKS = "Did the run make none of the mistakes that can be heard while it trains?"
WHY = "Each rule is a mistake that a training survives: it ends, with a loss that falls, and is not what its author thinks."


def check(evidence: Evidence) -> Answer:
    """findings.json."""
    if evidence.findings is None:
        return Answer("unknown", "nothing listened to this run", {}, "Run it without --no-watch.")
    if not evidence.story.last:
        return Answer("unknown", "no step was recorded, so there was nothing to hear")
    return answer(list(evidence.findings), "nothing was heard that a rule speaks of")
