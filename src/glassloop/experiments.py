"""What an experiment is: a right loop, one mistake in it, and what has to be seen when both are run.

Pure data, so that a rule can hold its own experiment; `glassloop lab` runs it. Lines of a loop are named by their text,
without indentation and without the comment behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

Figures = Mapping[str, Any]  # name -> number, word or truth value; `lab.figures` says which every run has


class Verdict(str, Enum):
    """What somebody notices who only looks at the screen. Decided by `lab.trial.verdict`, in this order."""

    RAISES = "raises"  # the loop with the mistake ends with an exception
    WARNS = "warns"  # it is warned of something that the right loop is not warned of
    WORSE = "worse"  # its result is visibly worse
    SILENT = "silent"  # the result looks as good or better, and yet the weights are others
    SAME = "same"  # no effect: the same weights, bit for bit

    @property
    def means(self) -> str:
        """The word in a sentence, for who reads it the first time."""
        return _MEANS[self]


_MEANS = {
    Verdict.RAISES: "it ends with an exception",
    Verdict.WARNS: "a warning comes that the right loop does not give",
    Verdict.WORSE: "the result is visibly worse",
    Verdict.SILENT: "nothing is raised and the result looks much the same, yet what was measured differs",
    Verdict.SAME: "no effect: the same weights, bit for bit",
}


@dataclass(frozen=True)
class Without:
    """The statement is not there."""

    line: str


@dataclass(frozen=True)
class Moved:
    """The statement stands elsewhere, with the indentation of its new neighbour. Give one of `after` and `before`."""

    line: str
    after: str = ""
    before: str = ""


@dataclass(frozen=True)
class Added:
    """A line (or lines) more. Give one of `after` and `before`."""

    text: str
    after: str = ""
    before: str = ""


@dataclass(frozen=True)
class Instead:
    """Another line in its place; of a statement with a block, its head alone."""

    line: str
    by: str


Edit = Without | Moved | Added | Instead


@dataclass(frozen=True)
class Case:
    """One set of conditions, and what is published about it.

    `settings` replaces constants at the top of both loops; values are Python source, as in {"LR": "1e-3"}. `edits` changes
    both loops. `holds(right, wrong)` looks at the figures of one seed and must leave wide margins. `says` is the
    sentence that is published: `{right[update]:.2g}` and `{wrong[update]:.2g}` stand for the first seed's figures.
    """

    name: str
    verdict: Verdict
    holds: Callable[[Figures, Figures], bool]
    says: str
    settings: Mapping[str, str] = field(default_factory=dict)
    edits: tuple[Edit, ...] = ()
    mistake: tuple[Edit, ...] = ()  # where these conditions need other words for it than the experiment's


@dataclass(frozen=True)
class Experiment:
    """`loop`: a file of lab/loops, without its ending. `mistake`: what makes it wrong. `cases`: at least one."""

    loop: str
    mistake: tuple[Edit, ...]
    cases: tuple[Case, ...]
    seeds: tuple[int, ...] = (0, 1, 2)  # the constant SEED of the loop; a quick run takes the first
