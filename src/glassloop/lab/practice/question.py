"""What all questions have in common: an answer is text, and a run decides about it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from glassloop.lab.practice.stage import Stage

KINDS = ("line", "outcome", "number", "order", "loader")


@dataclass(frozen=True)
class Verdict:
    """What the run says about an answer."""

    right: bool
    why: str  # to the person, one paragraph
    evidence: dict[str, Any]  # what was seen in the run, for scripts


@dataclass(frozen=True)
class Question(ABC):
    """One question. `level` is 1 (easy) to 5; `about` names the rules and events whose pages explain it."""

    id: str
    level: int
    ask: str
    code: str
    about: tuple[str, ...]

    @property
    @abstractmethod
    def kind(self) -> str:
        """One of KINDS."""

    @property
    def form(self) -> str:
        """How an answer is written, in one line."""
        return ""

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """(what to answer, what it means) where there is a list to choose from or to put in order."""
        return ()

    @abstractmethod
    def read(self, answer: str) -> Any:
        """The answer as `judge` wants it. Raises UserError where it is none: that is no wrong answer yet."""

    @abstractmethod
    def judge(self, answer: str, stage: Stage) -> Verdict:
        """Runs what has to be run and says whether `answer` is right. Raises UserError as `read` does."""

    @abstractmethod
    def solve(self, stage: Stage) -> str:
        """A right answer (there may be others), from a run where only a run knows it."""

    @abstractmethod
    def miss(self, stage: Stage) -> str:
        """A wrong answer that a person might give."""

    def as_json(self) -> dict[str, Any]:
        """The object that `practice --list --format json` lists."""
        return {
            "id": self.id,
            "kind": self.kind,
            "level": self.level,
            "ask": self.ask,
            "code": self.code,
            "choices": dict(self.choices),
            "form": self.form,
            "about": list(self.about),
        }
