"""What will happen? Does PyTorch raise, warn or say nothing; which number does the last line print; how many steps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from glassloop.errors import UserError
from glassloop.lab.practice import scripts
from glassloop.lab.practice.facts import NUMBERS, OUTCOMES, STEPS
from glassloop.lab.practice.question import Question, Verdict
from glassloop.lab.practice.stage import Shown, Stage
from glassloop.rules import all_rules

OUTCOME = "What does PyTorch do when this script runs?"
NUMBER = "Which number does the last line print?"
CLOSE = 0.02  # relative: the idea is asked for, not the third decimal
RAISES, WARNS, SILENT = "raises", "warns", "nothing"
_MEANS = {RAISES: "it raises an exception", WARNS: "it warns, and goes on", SILENT: "it runs to its end and says nothing"}


@dataclass(frozen=True)
class OutcomeQuestion(Question):
    """Raises, warns or says nothing."""

    @property
    def kind(self) -> str:
        """outcome"""
        return "outcome"

    @property
    def form(self) -> str:
        """How an answer is written."""
        return "one of the words"

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """The three outcomes."""
        return tuple(_MEANS.items())

    def read(self, answer: str) -> str:
        """One of the words; its first letter is enough."""
        word = answer.strip().lower()
        found = [choice for choice in _MEANS if word and choice.startswith(word)]
        if len(found) != 1:
            raise UserError(f"{answer!r} is none of the answers; give one of: {', '.join(_MEANS)}")
        return found[0]

    def judge(self, answer: str, stage: Stage) -> Verdict:
        """Runs it."""
        word, shown = self.read(answer), _watch(self, stage)
        outcome, why = happened(shown)
        findings = [f["rule"] for f in shown.get("findings", ())]
        if outcome == SILENT and findings:
            why += f" glassloop heard {', '.join(dict.fromkeys(findings))}."
        evidence = {"outcome": outcome, **{key: shown.get(key) for key in ("raised", "warned", "findings")}}
        return Verdict(word == outcome, why, evidence)

    def solve(self, stage: Stage) -> str:
        """What happened in a run."""
        return happened(_watch(self, stage))[0]

    def miss(self, stage: Stage) -> str:
        """The outcome that most people fear, or hope for."""
        return SILENT if self.solve(stage) != SILENT else RAISES


@dataclass(frozen=True)
class NumberQuestion(Question):
    """A number that the run shows: what the script prints last, or (`counts`) how often an optimizer stepped."""

    files: dict[str, str]
    argv: tuple[str, ...] = ()
    counts: bool = False
    trap: str = ""  # the number that people expect
    because: str = ""  # said with the run's number

    @property
    def kind(self) -> str:
        """number"""
        return "number"

    @property
    def form(self) -> str:
        """How an answer is written."""
        return "a whole number" if self.counts else "a number, to about 2 %"

    def read(self, answer: str) -> float:
        """The number."""
        try:
            number = float(answer.strip())
        except ValueError:
            raise UserError(f"{answer!r} is no number; answer with {self.form}") from None
        if not math.isfinite(number):
            raise UserError(f"{answer!r} is not finite; answer with {self.form}")
        return number

    def judge(self, answer: str, stage: Stage) -> Verdict:
        """Runs it and compares."""
        number, (value, shown) = self.read(answer), self._value(stage)
        if value is None:
            return Verdict(False, happened(shown)[1], {"raised": shown.get("raised")})
        close = number == value if self.counts else math.isclose(number, value, rel_tol=CLOSE, abs_tol=1e-9)
        return Verdict(close, f"The run shows {value:g}. {self.because}".strip(), {"number": value})

    def solve(self, stage: Stage) -> str:
        """The number of a run."""
        return f"{self._value(stage)[0]:.6g}"

    def miss(self, stage: Stage) -> str:
        """The number that people expect."""
        return self.trap

    def _value(self, stage: Stage) -> tuple[float | None, Shown]:
        shown = stage("watched", self.files, self.argv)
        if "broken" in shown or shown["raised"]:
            return None, shown
        return (float(shown["steps"]) if self.counts else float(shown["printed"].split()[-1])), shown


def _watch(question: Question, stage: Stage) -> Shown:
    return stage("watched", {"script.py": question.code})


def happened(shown: Shown) -> tuple[str, str]:
    """The outcome of a run, and a sentence about it."""
    if "broken" in shown:
        return "broken", f"There was no outcome: {shown['broken']}."
    error: dict[str, Any] | None = shown["raised"]
    if error:
        place = f" at line {error['line']}" if error["line"] else ""
        return RAISES, f"It raises {error['type']}{place}: {error['message']}"
    for warning in shown["warned"]:
        place = f" at line {warning['line']}" if warning["line"] else ""
        return WARNS, f"It warns{place} ({warning['type']}): {warning['message']}"
    return SILENT, f"It runs to its end ({shown['steps']} optimizer steps) and PyTorch says nothing."


def questions() -> Iterator[Question]:
    """What PyTorch says of every rule's wrong example; then the facts that surprise."""
    for rule in all_rules():
        yield OutcomeQuestion(f"happens-{rule.name}", 2, OUTCOME, scripts.unlabelled(rule.bad), (rule.name,))
    for name, level, about, text in OUTCOMES:
        yield OutcomeQuestion(f"happens-{name}", level, OUTCOME, text, about)
    for name, level, about, trap, because, text in NUMBERS:
        yield NumberQuestion(f"number-{name}", level, NUMBER, text, about, {"script.py": text}, trap=trap, because=because)
    for rung, argv, trap, because, level in STEPS:
        files = scripts.ladder(rung)
        ask = f"How many steps does the optimizer take with {' '.join(argv)}? ({scripts.FEW_POINTS * 3} training samples)"
        arguments = (*scripts.LADDER_ARGUMENTS, *argv)
        code = files["train.py"]
        yield NumberQuestion(f"steps-{rung}", level, ask, code, ("step",), files, arguments, True, trap, because)
