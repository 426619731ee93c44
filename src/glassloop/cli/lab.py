"""`glassloop lab`: the right loop beside the loop with one mistake, and what the tensors did in both."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from glassloop.errors import UserError

if TYPE_CHECKING:
    from glassloop.experiments import Experiment
    from glassloop.lab.trial import Outcome


class Format(str, Enum):
    """How results are printed."""

    TEXT = "text"
    JSON = "json"


def lab(
    names: Annotated[list[str] | None, typer.Argument(help="Rules to try; with --claims, claims (c03).")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Try every rule, and every line of the classic table.")] = False,
    claims: Annotated[bool, typer.Option("--claims", help="The ledger of claims.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="The first seed of each experiment alone.")] = False,
    format: Annotated[Format, typer.Option("--format", help="text for people, json for scripts.")] = Format.TEXT,
) -> None:
    """Run experiments: what one mistake does to a loop that is right otherwise, decided on this machine.

    Exit code 0: as published; 1: something came out otherwise; 2: wrong usage.

    Example: glassloop lab zero-grad-missing
    """
    if claims:
        from glassloop.cli.claims import show_claims

        if not show_claims(names or [], as_json=format is Format.JSON):
            raise typer.Exit(1)
        return
    outcomes = _run(_chosen(names or [], all_), quick)
    if format is Format.JSON:
        print(json.dumps([one.as_json() for one in outcomes], indent=2))
    else:
        from glassloop.cli.lab_text import print_outcomes

        print_outcomes(outcomes)
    raise typer.Exit(0 if all(one.holds for one in outcomes) else 1)


def _chosen(names: list[str], everything: bool) -> Mapping[str, Experiment]:
    from glassloop.lab.catalogue import experiments

    known = experiments()
    if everything:
        return known
    if not names:
        raise UserError("say what to try: glassloop lab RULE, lab --all, or lab --claims")
    for name in names:
        if name not in known:
            raise UserError(f"no experiment is called {name}; there are: {', '.join(known)}")
    return {name: known[name] for name in names}


def _run(experiments: Mapping[str, Experiment], quick: bool) -> list[Outcome]:
    """Run them, with a bar on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from glassloop.lab.trial import how_many, run

    terminal = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=terminal, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("runs", total=how_many(experiments, quick))
        return run(experiments, quick, each=lambda: bar.advance(task))
