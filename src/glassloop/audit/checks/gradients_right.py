"""Is a recorded gradient the derivative of the loss, and does accumulation equal the big batch?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from glassloop.audit.evidence import Evidence
from glassloop.audit.report import Answer

SECTION = "training"
ASKS = "Is the recorded gradient the derivative of the loss, and that of parts the one of the whole batch?"
WHY = "A gradient that is not the loss's own (a branch detached, a wrong backward, parts weighed wrongly) trains, too."
CHANGE = "`glassloop audit RUN --gradients` computes one step of a production loop again; it runs the recorded task.py."
SAME = 1e-3  # relative: float32 on another machine
SLOPE = 1e-4  # relative; and a part of the gradient's length, for directions in which the loss hardly falls
FLOOR = 1e-6
PARTS = 1e-8


def check(evidence: Evidence) -> Answer:
    """What the program of audit/recompute.py found, where it was asked for."""
    found = evidence.gradients
    if found is None:
        return Answer("unknown", "no gradient was computed again", {}, CHANGE)
    recorded = found.get("recorded") or {}
    wrong = []
    for name, words in (("loss", "the loss"), ("grad_norm", "the gradient norm")):
        was, now = recorded.get(name), found.get(name)
        if isinstance(was, float) and isinstance(now, float) and not math.isclose(was, now, rel_tol=SAME, abs_tol=FLOOR):
            wrong.append(f"{words} of step {found['step']} is {now:.6g}, and {was:.6g} was recorded")
    slopes = [row for row in found["directions"] if _is_off(row)]
    if slopes:
        row = slopes[0]
        along = f"along {row['direction']} the loss falls by {row['found']:.6g}, and the gradient says {row['stated']:.6g}"
        wrong.append(f"at step {found['step']}, {along}")
    parts = found.get("accumulated")
    if parts and not parts["relative"] <= PARTS:
        wrong.append(f"the gradient of parts is {parts['relative']:.2g} away from that of their batch")
    if wrong:
        return Answer("fails", "; ".join(wrong), dict(found), "The loss and the model of task.py; see the numbers.")
    sums = f"; parts of {', '.join(map(str, parts['parts']))} give the gradient of their batch" if parts else ""
    again = f"step {found['step']} computed again: loss and gradient norm as recorded"
    return Answer("holds", f"{again}, {len(found['directions'])} slopes of the loss right{sums}", dict(found))


def _is_off(row: Mapping[str, Any]) -> bool:
    stated, found = row["stated"], row["found"]
    return not abs(stated - found) <= SLOPE * abs(stated) + FLOOR * row["norm"]
