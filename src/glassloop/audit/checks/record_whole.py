"""Does the record hold together?"""

from __future__ import annotations

from glassloop.audit.evidence import Evidence
from glassloop.audit.report import Answer
from glassloop.record.verdict import BROKEN, WHOLE
from glassloop.record.verify import verify

SECTION = "record"
ASKS = "Is the record as it was written?"
WHY = "Everything else rests on it: what was edited afterwards proves nothing."
CHANGE = "`glassloop verify` names every place; take the folder as it was when the run ended."


def check(evidence: Evidence) -> Answer:
    """The verdict of verify."""
    verdict = verify(evidence.folder)
    problems = [str(problem) for problem in verdict.problems]
    facts = {
        "verdict": verdict.word, "signed_by": verdict.signed_by, "rows": verdict.rows, "head": verdict.head,
        "problems": problems[:20], "notes": verdict.notes[:20],
    }  # fmt: skip
    signed = "nobody signed it, so that one who rewrote all of it could not be told"
    if verdict.signed_by:
        signed = f"signed by {verdict.signed_by}"
    if verdict.word == WHOLE:
        change = "" if verdict.signed_by else "A signature: `glassloop run --key`."
        return Answer("holds", f"it is whole; {signed}", facts, change)
    first = problems[0] if problems else "see `glassloop verify`"
    return Answer("fails" if verdict.word == BROKEN else "unknown", f"{first}; {signed}", facts, CHANGE)
