"""What check finds in the text that ran."""

from __future__ import annotations

import os

from glassloop.audit.checks._findings import answer
from glassloop.audit.evidence import Evidence
from glassloop.audit.report import Answer

SECTION = "training"
ASKS = "Does the text that ran hold none of the mistakes that can be read?"
WHY = "A text shows what a run did not come to: a branch that was not taken, a checkpoint that nobody has loaded yet."


def check(evidence: Evidence) -> Answer:
    """`glassloop check` on the kept source."""
    from glassloop.check import check_paths  # the reader: none of it is needed for the other questions

    home = evidence.folder.absolute() / "source"
    texts = {str(home / name): text for name, text in evidence.sources.items() if name.endswith(".py")}
    if not texts:
        return Answer("unknown", "the source was not kept", {}, "Record without --no-source.")
    report = check_paths(texts, given=texts, gitignore=False, jobs=1)
    rows = [finding.as_json() for finding in report.findings]
    rows = [{**row, "path": os.path.relpath(row["path"], home)} for row in rows]
    found = answer(rows, f"check finds nothing in the files that ran ({len(texts)})")
    if report.unreadable and found.verdict == "holds":
        return Answer("unknown", "a file that ran cannot be read as Python", {"unreadable": report.unreadable})
    return found
