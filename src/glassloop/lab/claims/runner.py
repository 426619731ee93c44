"""Runs claims, each in a process of its own (`lab.pool`), and compares what came out with what is published.

A process a claim keeps seeds, default flags and memory of one experiment out of the next. This process never loads torch.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from glassloop.errors import UserError
from glassloop.lab.claims import NOT_MEASURED, Claim, Figure, Here, all_claims, verdict_of
from glassloop.lab.pool import Call, Done, run_all

CHILD = "glassloop.lab.claims.child"
LIMIT_S = 600.0  # of one claim; the slowest takes about a minute on two cores


@dataclass(frozen=True)
class Result:
    """One claim, run: `verdict` is what this run saw, `published` what the documentation says."""

    id: str
    says: str
    verdict: str
    published: str
    holds: bool  # nothing that this run saw contradicts what is published
    conditions: str  # the explanation, with this run's figures
    cases: Mapping[str, bool | None]  # None: not decided in this run
    figures: Mapping[str, Figure]
    error: str = ""  # why there is no outcome, where there is none
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def chosen(names: Sequence[str]) -> list[Claim]:
    """The claims called `names`, all of them where there is none. Raises UserError for a name that is not known."""
    claims = all_claims()
    unknown = [name for name in names if name not in claims]
    if unknown:
        raise UserError(f"no claim is called {', '.join(unknown)}; docs/claims.md has c01 to c80, l01 to l14")
    return [claims[name] for name in dict.fromkeys(names)] if names else list(claims.values())


def run_claims(claims: Sequence[Claim], here: Here, each: Callable[[Result], object] = lambda result: None) -> list[Result]:
    """The claims' results in order, `each` as soon as it is there.

    As many at once as there are cores, but those about time (`full`) one after the other, alone. Raises UserError where
    torch is not installed.
    """
    _require_torch()
    results: dict[str, Result] = {}

    def keep(result: Result) -> None:
        results[result.id] = result
        each(result)

    able = [claim for claim in claims if not missing_for(claim, here)]
    for claim in claims:
        if missing := missing_for(claim, here):
            none, why = dict.fromkeys(claim.published), f"Not measured here: it needs {' and '.join(missing)}."
            keep(Result(claim.id, claim.says, NOT_MEASURED, claim.verdict, True, why, none, {}))
    for timed, workers in ((False, None), (True, 1)):
        group = [claim for claim in able if claim.full is timed]
        calls = [Call(f"{CHILD}:decide", (claim.id, here), LIMIT_S) for claim in group]
        run_all(calls, workers, lambda index, done, group=group: keep(_result(group[index], done, here)))  # type: ignore[misc]
    return [results[claim.id] for claim in claims]


def device_here() -> str:
    """ "cuda" where torch finds a GPU, else "cpu". A child looks, so that torch stays out of this process."""
    return "cuda" if conditions_here()["gpu"] else "cpu"


def conditions_here() -> dict[str, Any]:
    """What the numbers of a record depend on: versions and hardware, as plain JSON values."""
    _require_torch()
    (done,) = run_all([Call(f"{CHILD}:conditions")])
    if done.error:
        raise UserError(f"torch cannot be used here: {done.error}")
    return dict(done.value)


def missing_for(claim: Claim, here: Here) -> list[str]:
    """What the claim needs and this machine lacks."""
    absent = [need for need in claim.needs if not (here.cuda if need == "cuda" else importlib.util.find_spec(need))]
    return ["a CUDA device" if need == "cuda" else need for need in absent]


def _require_torch() -> None:
    if importlib.util.find_spec("torch") is None:
        raise UserError('the experiments need torch: pip install "glassloop[train]"')


def _result(claim: Claim, done: Done, here: Here) -> Result:
    if done.error:
        none = dict.fromkeys(claim.published)
        return Result(claim.id, claim.says, "failed", claim.verdict, False, claim.because, none, {}, done.error)
    cases, figures, seconds = done.value
    return replace(judge(claim, cases, figures, here), seconds=seconds)


def judge(claim: Claim, cases: Mapping[str, bool], figures: Mapping[str, Figure], here: Here) -> Result:
    """Compare what a run saw with what is published.

    A quick run may leave out cases; a full one must decide every case that is published as decided. A case that is
    published as not measured agrees with anything.
    """
    strange = [case for case in cases if case not in claim.published]
    contradicted = [case for case, held in cases.items() if claim.published.get(case, held) not in (held, None)]
    absent = [case for case, held in claim.published.items() if held is not None and case not in cases] if here.full else []
    error = "; ".join(
        f"{text}: {', '.join(names)}"
        for text, names in (("not published", strange), ("other than published", contradicted), ("not decided", absent))
        if names
    )
    seen: dict[str, bool | None] = {case: cases.get(case) for case in claim.published}
    conditions, unknown = fill(claim.because, figures)
    if unknown and here.full and None not in claim.published.values():
        error = error or f"figures of the explanation that the run lacks: {', '.join(unknown)}"
    # What a quick run left out counts as published, so that its verdict is comparable.
    assumed = {case: claim.published[case] if held is None else held for case, held in seen.items()}
    return Result(claim.id, claim.says, verdict_of(assumed), claim.verdict, not error, conditions, seen, figures, error)


def fill(text: str, figures: Mapping[str, Figure]) -> tuple[str, list[str]]:
    """`text` with its {figures}, and the names of those that are missing (an ellipsis stands there).

    Numbers get three digits unless the text asks otherwise ({x:.1%}).
    """
    filled = _Figures({name: _Number(value) if isinstance(value, float) else value for name, value in figures.items()})
    return text.format_map(filled), filled.missing


class _Figures(dict[str, Any]):
    def __init__(self, known: Mapping[str, Any]) -> None:
        super().__init__(known)
        self.missing: list[str] = []

    def __missing__(self, name: str) -> _Absent:
        self.missing.append(name)
        return _Absent()


class _Absent:
    def __format__(self, wanted: str) -> str:
        return "…"


class _Number(float):
    def __format__(self, wanted: str) -> str:
        return super().__format__(wanted or ".3g")
