"""Findings of check and watch as an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from glassloop.audit.report import Answer, named

TELLING = ("error", "warning")
SHOWN = ("rule", "severity", "path", "line", "message", "step", "count")


def answer(findings: Sequence[Mapping[str, Any]], otherwise: str) -> Answer:
    """It fails where there is an error or a warning; `otherwise` is the sentence where there is neither."""
    told = [row for row in findings if row.get("severity") in TELLING]
    facts = {"findings": [{name: row.get(name) for name in SHOWN} for row in findings[:50]]}
    if not told:
        hints = f" ({len(findings)} hints)" if findings else ""
        return Answer("holds", f"{otherwise}{hints}", facts)
    places = [f"{row.get('rule')} at {row.get('path')}:{row.get('line')}" for row in told]
    return Answer("fails", named(places, 3), facts, "`glassloop explain RULE` says when it is meant, and the remedy.")
