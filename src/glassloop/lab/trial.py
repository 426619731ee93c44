"""Runs experiments: both arms of every case with every seed, and whether what is published is what was seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glassloop.errors import UserError
from glassloop.experiments import Case, Experiment, Verdict
from glassloop.lab.edits import with_edits, with_settings
from glassloop.lab.figures import Trace, figures, finite
from glassloop.lab.jobs import Job, Ran, run_jobs

LOOPS = Path(__file__).with_name("loops")
# Somebody who looks at the result alone sees this much.
ACCURACY_LOST, LOSS_GREW = 0.05, 1.25


@dataclass(frozen=True)
class Arms:
    """The two runs of one seed: the right loop, and the one with the mistake."""

    seed: int
    right: Trace
    wrong: Trace


@dataclass(frozen=True)
class Outcome:
    """One case of one experiment, as it was published and as it was seen. `arms`: a pair of runs for each seed."""

    rule: str
    case: Case
    experiment: Experiment
    verdict: str  # of all seeds; "mixed" where they disagree
    holds: bool
    why_not: str  # what does not hold; "" where all does
    says: str
    arms: tuple[Arms, ...] = field(repr=False)

    @property
    def first(self) -> tuple[Trace, Trace]:
        """The two runs of the first seed."""
        return self.arms[0].right, self.arms[0].wrong

    def as_json(self) -> dict[str, Any]:
        """The object that `lab --format json` lists; figures are those of the first seed."""
        first = self.arms[0] if self.arms else None
        conditions = {
            "loop": self.experiment.loop,
            "data": about(self.experiment.loop),
            "case": self.case.name,
            "settings": dict(self.case.settings),
            "seeds": [arms.seed for arms in self.arms],
            "torch": first.right.torch if first else "",
            "threads": 1,
        }
        return {
            "rule": self.rule,
            "case": self.case.name,
            "holds": self.holds,
            "verdict": self.verdict,
            "published": self.case.verdict.value,
            "says": self.says,
            "why_not": self.why_not,
            "conditions": conditions,
            "figures": finite({"right": figures(first.right), "wrong": figures(first.wrong)}) if first else {},
            "heard": sorted({finding["rule"] for arms in self.arms for finding in arms.wrong.findings}),
        }


def loop_text(name: str) -> str:
    """The text of a loop of lab/loops. Raises UserError where there is none of that name."""
    path = LOOPS / f"{name}.py"
    if not path.exists():
        raise UserError(f"no loop {name} in lab/loops; there are: {', '.join(sorted(p.stem for p in LOOPS.glob('*.py')))}")
    return path.read_text(encoding="utf-8")


def about(loop: str) -> str:
    """What a loop trains on: the first line of its text."""
    return loop_text(loop).splitlines()[0].strip('" ')


def texts(experiment: Experiment, case: Case, seed: int) -> tuple[str, str]:
    """The right script of a case, and the one with the mistake."""
    base = with_edits(loop_text(experiment.loop), case.edits)
    base = with_settings(base, {**case.settings, "SEED": str(seed)})
    return base, with_edits(base, case.mistake or experiment.mistake)


def run(
    experiments: Mapping[str, Experiment],
    quick: bool = False,
    workers: int | None = None,
    each: Callable[[], None] | None = None,
) -> list[Outcome]:
    """Runs the experiments, each under its name; `quick`: the first seed alone. A run that two cases share is made once."""
    wanted: list[tuple[str, Case, int, tuple[str, str]]] = []
    for name, experiment in experiments.items():
        for case in experiment.cases:
            for seed in experiment.seeds[: 1 if quick else None]:
                wanted.append((name, case, seed, texts(experiment, case, seed)))
    jobs = {text: Job(text) for *_, pair in wanted for text in pair}
    ran = dict(zip(jobs, run_jobs(list(jobs.values()), workers, each), strict=True))
    outcomes = []
    for name, experiment in experiments.items():
        for case in experiment.cases:
            pairs = [(seed, ran[pair[0]], ran[pair[1]]) for n, c, seed, pair in wanted if n == name and c is case]
            outcomes.append(_judge(name, experiment, case, pairs))
    return outcomes


def how_many(experiments: Mapping[str, Experiment], quick: bool = False) -> int:
    """How many runs `run` will make."""
    seeds = 1 if quick else None
    everything = ((e, c, s) for e in experiments.values() for c in e.cases for s in e.seeds[:seeds])
    return len({text for one in everything for text in texts(*one)})


def _judge(name: str, experiment: Experiment, case: Case, pairs: Sequence[tuple[int, Ran, Ran]]) -> Outcome:
    broken = next((f"seed {seed}: {ran.error}" for seed, *both in pairs for ran in both if ran.error), "")
    if broken:
        return Outcome(name, case, experiment, "", False, broken, "", ())
    arms = tuple(Arms(seed, right.trace, wrong.trace) for seed, right, wrong in pairs)
    seen = {verdict(one.right, one.wrong).value for one in arms}
    seen_word = seen.pop() if len(seen) == 1 else "mixed"
    says, missing = _sentence(case, arms[0])
    wrongs = [f"seed {one.seed}: {why}" for one in arms if (why := _why_not(case, one))]
    why_not = "; ".join([*([missing] if missing else []), *wrongs])
    return Outcome(name, case, experiment, seen_word, not why_not, why_not, says, arms)


def _why_not(case: Case, arms: Arms) -> str:
    if arms.right.raised:
        return f"the right loop raises {arms.right.raised} at line {arms.right.raised_line}"
    seen = verdict(arms.right, arms.wrong)
    if seen is not case.verdict:
        return f"published as {case.verdict.value}, seen: {seen.value}"
    try:
        holds = case.holds(figures(arms.right), figures(arms.wrong))
    except (KeyError, TypeError, ZeroDivisionError) as error:  # a figure that this run does not have
        return f"what should hold cannot be asked: {type(error).__name__}: {error}"
    return "" if holds else "what is published is not what the figures show"


def _sentence(case: Case, arms: Arms) -> tuple[str, str]:
    try:
        return case.says.format(right=figures(arms.right), wrong=figures(arms.wrong)), ""
    except (KeyError, TypeError, ValueError) as error:
        return case.says, f"the sentence asks for a figure that is not there: {type(error).__name__}: {error}"


def verdict(right: Trace, wrong: Trace) -> Verdict:
    """What somebody notices who sees the screen and the result, but none of the figures within."""
    if wrong.raised and not right.raised:
        return Verdict.RAISES
    if set(wrong.warned) - set(right.warned):
        return Verdict.WARNS
    if worse(figures(right), figures(wrong)):
        return Verdict.WORSE
    same = all(getattr(right, name) == getattr(wrong, name) for name in ("weights", "final", "graph_peak", "graph_end"))
    return Verdict.SAME if same else Verdict.SILENT


def worse(right: Mapping[str, Any], wrong: Mapping[str, Any]) -> bool:
    """Whether the result is visibly worse: accuracy, else the validation's loss, else the loss at the end of training."""
    if right.get("val_accuracy") is not None and wrong.get("val_accuracy") is not None:
        return bool(wrong["val_accuracy"] < right["val_accuracy"] - ACCURACY_LOST)
    for name in ("val_loss", "loss_end"):
        before, after = right.get(name), wrong.get(name)
        if before is not None:
            return after is None or not after <= max(before * LOSS_GREW, before + 1e-6)
    return False
