"""What a rule has to say: a story while places are still raw, a finding once they are lines of a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from glassloop.events import NO_FACTS, Place


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
    end_column: int = 0  # 0: who knows. Of `f(x).g()` it tells which call is meant

    def spans(self, line: int) -> bool:
        """Whether the statement at this place covers `line`."""
        return self.line <= line <= max(self.line, self.end_line)


# --- how a story is mended in its text. A rule names scenes; source/edits.py finds their statements and calls. Texts are
#     templates: `{step.receiver}` is the source of what the call at scene `step` is a method of, `{step.function}` of
#     what it calls, `{step.first}` of its first argument, `{step.subject}` of the tensor that it is
#     done to, `{step}` of the call itself.


class Move(NamedTuple):
    """The statement of a scene goes right `before` or `after` that of another, or of a loop that only the other is in."""

    scene: str
    before: str = ""
    after: str = ""


class MoveOut(NamedTuple):
    """The statement of a scene goes behind the innermost loop around it."""

    scene: str


class Insert(NamedTuple):
    """A new statement right `before` or `after` that of a scene; `outside`: of the innermost loop around it."""

    text: str
    before: str = ""
    after: str = ""
    outside: bool = False


class Wrap(NamedTuple):
    """The innermost loop around a scene's statement (where there is none, the statement) goes into a `with` block."""

    scene: str
    context: str  # "torch.no_grad()"


class Keyword(NamedTuple):
    """The call at a scene gets a keyword argument, or another value for it; no value: the argument goes."""

    scene: str
    name: str
    value: str | None = None


class Replace(NamedTuple):
    """The call at a scene becomes another expression; "{scene.subject}" unwraps it."""

    scene: str
    text: str


class Delete(NamedTuple):
    """The statement of a scene goes."""

    scene: str


Mend = Move | MoveOut | Insert | Wrap | Keyword | Replace | Delete


class Story(NamedTuple):
    """A rule's verdict, made by `hear`. The first scene is the primary place; a scene is (name, place, words).

    `says` is a template: `{name}` becomes "line 41" (or "file.py:41" in another file than the primary place).
    `mends`: ways to mend it, the best first, each some edits that belong together. The first that leaves the text without
    this finding, and without a new one, is the fix; so a rule may propose what is right only in most texts.
    """

    says: str
    scenes: tuple[tuple[str, Place, str], ...]
    mends: tuple[tuple[Mend, ...], ...] = ()
    severity: Severity | None = None  # where it differs from the card's
    step: int = 0  # of a run: the optimizer step that it is about; 0: the one that was being heard
    facts: Mapping[str, object] = NO_FACTS  # the numbers seen, by name


@dataclass(frozen=True)
class Finding:
    """One mistake at one place, as people and scripts read it."""

    where: Where
    rule: str
    severity: Severity
    message: str
    related: tuple[tuple[Where, str], ...] = ()
    fix: str = ""
    scenes: tuple[tuple[str, Where], ...] = ()  # by name, for the mends
    mends: tuple[tuple[Mend, ...], ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict, compare=False)  # the numbers that a run has shown

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
    severity = story.severity or severity
    says = story.says.format(**names)
    return Finding(main, rule, severity, says, related, fix, tuple(places.items()), story.mends, dict(story.facts))


def _name(place: Where, main: Where) -> str:
    return f"line {place.line}" if place.path == main.path else f"{place.path}:{place.line}"
