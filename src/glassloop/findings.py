"""What a rule has to say: a story while places are still raw, a finding once they are lines of a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from glassloop.events import Place


class Severity(str, Enum):
    """How bad: `error`, the training is wrong; `warning`, probably wrong or wasteful; `info`, worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Where(NamedTuple):
    """A place in a file. Lines and columns count from 1."""

    path: str
    line: int
    column: int = 1
    end_line: int = 0  # 0: the same line

    def spans(self, line: int) -> bool:
        """Whether the statement at this place covers `line`."""
        return self.line <= line <= max(self.line, self.end_line)


@dataclass(frozen=True)
class Fix:
    """A remedy: words, and where they are certain, the edits that apply it as (where, new text)."""

    says: str
    edits: tuple[tuple[Where, str], ...] = ()


class Story(NamedTuple):
    """A rule's verdict, made by `hear`. The first scene is the primary place; a scene is (name, place, words).

    `says` is a template: `{name}` becomes "line 41" (or "file.py:41" in another file than the primary place).
    """

    says: str
    scenes: tuple[tuple[str, Place, str], ...]
    severity: Severity | None = None  # where it differs from the card's


@dataclass(frozen=True)
class Finding:
    """One mistake at one place, as people and scripts read it."""

    where: Where
    rule: str
    severity: Severity
    message: str
    related: tuple[tuple[Where, str], ...] = ()
    fix: str = ""

    def as_json(self) -> dict[str, Any]:
        """The object that `check --format json` and findings.json list."""
        return {
            "path": self.where.path,
            "line": self.where.line,
            "column": self.where.column,
            "end_line": max(self.where.line, self.where.end_line),
            "rule": self.rule,
            "severity": self.severity.value,
            "message": self.message,
            "related": [{"path": w.path, "line": w.line, "message": words} for w, words in self.related],
            "fix": self.fix,
        }


def tell(story: Story, rule: str, severity: Severity, fix: str, resolve: Callable[[Place], Where]) -> Finding:
    """Turn a story into a finding; `resolve` makes a Where of a raw place (the reader's places are one already)."""
    places = {name: resolve(place) for name, place, _ in story.scenes}
    main = places[story.scenes[0][0]]
    names = {name: _name(place, main) for name, place in places.items()}
    related = tuple((places[name], words) for name, _, words in story.scenes[1:] if words)
    return Finding(main, rule, story.severity or severity, story.says.format(**names), related, fix)


def _name(place: Where, main: Where) -> str:
    return f"line {place.line}" if place.path == main.path else f"{place.path}:{place.line}"
