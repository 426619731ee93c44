"""What the book rests on: the lab's experiments, the poisoned loops and the ledger, run or read when they are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassloop.errors import UserError
from glassloop.lab.catalogue import experiments as known_experiments
from glassloop.lab.claims import all_claims
from glassloop.lab.figures import figures
from glassloop.lab.trial import Outcome, run

from . import poison
from .source import LOOPS, BookError

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Case:
    """One case of an experiment with the figures of its first seed: `lab["zero-grad-missing"][0].wrong["update"]`."""

    name: str
    verdict: str
    says: str
    right: dict[str, Any]
    wrong: dict[str, Any]
    outcome: Outcome


class Evidence:
    """`lab`: experiment -> its cases, run; `poison`: name -> what came of it; `ledger`: id -> the claim."""

    def __init__(self, experiments: Iterable[str], poisons: Iterable[str]) -> None:
        self.lab = _run(list(dict.fromkeys(experiments)))
        try:
            self.poison = poison.run(list(dict.fromkeys(poisons)))
        except (KeyError, RuntimeError, UserError) as error:
            raise BookError(f"a poisoned loop does not run: {type(error).__name__}: {error}") from error
        self.ledger = all_claims()

    def names(self) -> dict[str, object]:
        """What an expression in a chapter can use."""
        return {"lab": self.lab, "poison": self.poison, "lines": lines_of, "words": words_of}


def _run(names: list[str]) -> dict[str, list[Case]]:
    known = known_experiments()
    missing = [name for name in names if name not in known]
    if missing:
        raise BookError(f"the lab has no experiment called {', '.join(missing)}")
    cases: dict[str, list[Case]] = {name: [] for name in names}
    for outcome in run({name: known[name] for name in names}, quick=True):
        if not outcome.holds:
            raise BookError(f"{outcome.rule}, {outcome.case.name}: {outcome.why_not}")
        first = outcome.arms[0]
        right, wrong = figures(first.right), figures(first.wrong)
        cases[outcome.rule].append(Case(outcome.case.name, outcome.verdict, outcome.says, right, wrong, outcome))
    return cases


def lines_of(file: str) -> int:
    """How many lines of a file in loops/ hold something."""
    return sum(bool(line.strip()) for line in (LOOPS / file).read_text(encoding="utf-8").splitlines())


def words_of(value: float, digits: int = 1) -> str:
    """A share as a person says it: 0.9312 -> 93.1 %."""
    return f"{value * 100:.{digits}f} %"
