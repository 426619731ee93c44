"""What an audit has to say: a verdict for each question, with the numbers it rests on, and what would change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["holds", "fails", "unknown"]
SAID: Mapping[Verdict, str] = {"holds": "holds", "fails": "fails", "unknown": "cannot be said"}


@dataclass(frozen=True)
class Answer:
    """What one check found: the verdict, one sentence, the numbers behind it, and what would change it ("" if nothing)."""

    verdict: Verdict
    says: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    change: str = ""


@dataclass(frozen=True)
class Check:
    """One question of the audit, and its answer."""

    name: str
    section: str
    asks: str
    why: str
    answer: Answer

    def as_json(self) -> dict[str, Any]:
        """The check as an object of plain values."""
        answer = self.answer
        return {
            "name": self.name, "section": self.section, "asks": self.asks, "verdict": SAID[answer.verdict],
            "says": answer.says, "facts": dict(answer.facts), "why": self.why, "change": answer.change,
        }  # fmt: skip


@dataclass(frozen=True)
class Report:
    """All checks of an audit, what they were made of, and what no record can prove."""

    run: str  # the folder's name
    about: Mapping[str, Any]  # command, when, how it ended, who signed
    checks: tuple[Check, ...]
    limits: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether no check fails. What cannot be said is no failure."""
        return all(check.answer.verdict != "fails" for check in self.checks)

    def __getitem__(self, name: str) -> Check:
        """The check of that name. Raises KeyError where there is none."""
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(name)

    def count(self, verdict: Verdict) -> int:
        """How many checks ended so."""
        return sum(check.answer.verdict == verdict for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """`{"format", "run", "ok", "about", "checks": [...], "limits": [...]}`, plain values throughout."""
        checks = [check.as_json() for check in self.checks]
        return {
            "format": "glassloop-audit/1", "run": self.run, "ok": self.ok, "about": dict(self.about), "checks": checks,
            "limits": list(self.limits),
        }  # fmt: skip


def named(names: list[Any], most: int = 4) -> str:
    """A list in a sentence: the first few, and how many more."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(map(str, names[:most])) + more
