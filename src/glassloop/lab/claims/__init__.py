"""The ledger of claims: what popular texts say about training loops, each statement an executed experiment.

A claim is one function in `themes/`, found by walking that folder. It tries the statement in named *cases* (conditions)
and returns whether it held in each. The verdict follows from the cases, so nobody can word it otherwise: it held in all of
them: true; in none: false; in some: depends. A case that this machine cannot decide (no GPU, a package is missing) has no
say; where no case has one, the verdict is "not measured".

`published` is what the documentation says of each case. A run that sees another thing makes the claim fail.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

TRUE, FALSE, DEPENDS, NOT_MEASURED = "true", "false", "depends", "not measured"

Figure = float | int | str | bool | list[float] | list[int] | list[str] | list[bool] | None


@dataclass(frozen=True)
class Here:
    """Where and how an experiment runs. `device` is "cpu" or "cuda"; `full` asks for all seeds and the slow cases."""

    full: bool = False
    device: str = "cpu"

    @property
    def cuda(self) -> bool:
        """Whether there is a GPU to measure on."""
        return self.device == "cuda"


@dataclass(frozen=True)
class Outcome:
    """What a run saw: in which cases the claim held, and the figures (JSON values) that say so."""

    cases: Mapping[str, bool]
    figures: Mapping[str, Figure] = field(default_factory=dict)


@dataclass(frozen=True)
class Claim:
    """A statement, what is published about it, and the experiment that decides it."""

    id: str
    says: str  # in our words: a sentence that holds in a case, or does not
    source: str  # the article, the essay, the chapter, the loop post, the lesson
    published: Mapping[str, bool | None]  # case -> whether the claim holds in it; None: not measured
    because: str  # the explanation, with {figures} of the run
    decide: Callable[[Here], Outcome]
    full: bool = False  # too slow, or about time: `make bench` runs it, CI does not
    needs: tuple[str, ...] = ()  # "cuda" or packages without which nothing of it can be decided

    @property
    def verdict(self) -> str:
        """The published verdict."""
        return verdict_of(self.published)


_CLAIMS: dict[str, Claim] = {}


def claim(
    id: str,
    *,
    says: str,
    source: str,
    published: Mapping[str, bool | None],
    because: str,
    full: bool = False,
    needs: tuple[str, ...] = (),
) -> Callable[[Callable[[Here], Outcome]], Callable[[Here], Outcome]]:
    """Register the decorated experiment as the one that decides claim `id`."""

    def register(decide: Callable[[Here], Outcome]) -> Callable[[Here], Outcome]:
        if id in _CLAIMS and _CLAIMS[id].decide.__module__ != decide.__module__:
            raise ValueError(f"{id} is claimed twice: {_CLAIMS[id].decide.__module__} and {decide.__module__}")
        _CLAIMS[id] = Claim(id, says, source, published, " ".join(because.split()), decide, full, needs)
        return decide

    return register


@cache
def all_claims() -> dict[str, Claim]:
    """Every claim by its id, in order; torch is not imported."""
    themes = importlib.import_module(f"{__name__}.themes")
    for module in pkgutil.iter_modules(themes.__path__):
        importlib.import_module(f"{themes.__name__}.{module.name}")
    return dict(sorted(_CLAIMS.items()))


def verdict_of(cases: Mapping[str, bool | None]) -> str:
    """true, false, depends, or not measured where no case was decided."""
    decided: Iterable[bool] = {held for held in cases.values() if held is not None}
    return {(): NOT_MEASURED, (True,): TRUE, (False,): FALSE}.get(tuple(decided), DEPENDS)
