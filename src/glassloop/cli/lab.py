"""`glassloop lab`: the right loop beside the loop with one mistake, and what the tensors did in both."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glassloop.errors import UserError, meant

if TYPE_CHECKING:
    from glassloop.experiments import Experiment
    from glassloop.lab.trial import Outcome


class Format(str, Enum):
    """How results are printed."""

    TEXT = "text"
    JSON = "json"
    MD = "md"


class Move(str, Enum):
    """What happens to the statement at a line."""

    UP = "up"
    DOWN = "down"
    DROP = "drop"
    DUPLICATE = "duplicate"


def lab(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Rules to try, or a script (.py) and its arguments; with --claims, claims (c03).", show_default=False
        ),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Try every rule, and every line of the classic table.")] = False,
    claims: Annotated[bool, typer.Option("--claims", help="Try the ledger of claims.")] = False,
    line: Annotated[int, typer.Option("--line", help="Of a script: the line whose statement is changed.")] = 0,
    move: Annotated[Move, typer.Option("--move", help="Of a script: what happens to it.")] = Move.DROP,
    steps: Annotated[int, typer.Option("--steps", help="Of a script: optimizer steps at most.")] = 50,
    seconds: Annotated[float, typer.Option("--seconds", help="Of a script: time at most, a run.")] = 120,
    quick: Annotated[bool, typer.Option("--quick", help="What CI runs: fewer seeds, no timings.")] = False,
    out: Annotated[Path, typer.Option("--out", help="The folder that pictures go to.")] = Path("lab"),
    format: Annotated[Format, typer.Option("--format", help="text for people, json for scripts, md: a page.")] = Format.TEXT,
) -> None:
    """Run experiments: what one mistake does to a loop that is right otherwise, tried on this machine.

    Your own loop, too: a statement is moved, dropped or doubled in a copy, and both run side by side.
    They run for real, in this folder: files that the script writes, checkpoints too, are written by these runs.

    Exit code 0: as published; 1: something came out otherwise; 2: wrong usage.

    Example: glassloop lab zero-grad-missing

    Example: glassloop lab train.py --line 41 --move down -- --epochs 1
    """
    if claims:
        from glassloop.cli.claims import show_claims

        if not show_claims(names or [], quick=quick, as_json=format is Format.JSON):
            raise typer.Exit(1)
        return
    if names and not all_ and _is_file(names[0]):
        from glassloop.cli.lab_file import show_file
        from glassloop.lab.own import Bounds, Change

        if not line:
            raise UserError(f"say which line of {names[0]} to change: --line N --move up|down|drop|duplicate")
        change, bounds = Change(names[0], line, move.value), Bounds(steps, seconds)
        show_file(change, names[1:], bounds, out, as_json=format is Format.JSON)
        return
    outcomes = _run(_chosen(names or [], all_), quick)
    _show(outcomes, format, out, draw=not all_)
    raise typer.Exit(0 if all(one.holds for one in outcomes) else 1)


def _is_file(name: str) -> bool:
    return name.endswith((".py", ".ipynb")) or Path(name).is_file()


def _show(outcomes: list[Outcome], format: Format, out: Path, *, draw: bool) -> None:
    from glassloop.cli.lab_text import print_outcomes, save_pictures
    from glassloop.lab.page import page

    if format is Format.JSON:
        print(json.dumps([one.as_json() for one in outcomes], indent=2))
    elif format is Format.MD:
        print(page([one.as_json() for one in outcomes]), end="")
    else:
        print_outcomes(outcomes)
        if draw:
            save_pictures(outcomes, out)


def _chosen(names: list[str], everything: bool) -> Mapping[str, Experiment]:
    from glassloop.lab.catalogue import experiments

    known = experiments()
    if everything:
        return known
    if not names:
        raise UserError("say what to try: glassloop lab RULE, lab FILE --line N, lab --all, or lab --claims")
    for name in names:
        if name not in known:
            raise UserError(f"no experiment is called {name}; {meant(name, known)}there are: {', '.join(known)}")
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
