"""`glassloop audit`: the auditor's report on a run folder."""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glassloop.cli.printing import Format

if TYPE_CHECKING:
    from glassloop.audit import Report

FORMS = (".html", ".json", ".md", ".pdf")


def audit(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="FILE.html, .json, .md or .pdf: the whole report.")
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="text for people, json for programs.")] = Format.TEXT,
    replay: Annotated[bool, typer.Option("--replay", help="First run the recorded program again, and compare.")] = False,
    gradients: Annotated[
        bool, typer.Option("--gradients", help="Also compute one step's gradient again (production loop), and try it.")
    ] = False,
    seed: Annotated[int | None, typer.Option("--seed", help="With --gradients: yours, for directions; else drawn.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --replay and --gradients: do not ask.")] = False,
) -> None:
    """Say what a run folder shows of a training, and what no record can: data, sampling, parameters, coverage.

    Each question is answered with holds, fails or cannot be said, and the numbers it rests on. The folder may be a
    stranger's: without --replay and --gradients, nothing of it is run.

    Exit code 0: nothing fails; 1: something does; 2: wrong usage, or no run folder.

    Example: glassloop audit runs/train-001 -o report.html
    """
    from glassloop.audit import audit as ask
    from glassloop.audit.page import to_text
    from glassloop.cli.pages import must_be_run, must_end

    must_end(out, FORMS)
    must_be_run(run)
    tried = _gradients(run, secrets.randbits(31) if seed is None else seed, yes) if gradients else None
    report = ask(run, _again(run, yes) if replay else None, tried)
    if format is Format.JSON:
        print(json.dumps(report.as_json(), indent=2, default=str))
    else:
        for line in to_text(report):
            print(line)
    if out is not None:
        print(f"{write(report, out)}", file=sys.stderr if format is Format.JSON else sys.stdout)
    raise typer.Exit(0 if report.ok else 1)


def _again(run: Path, yes: bool) -> dict[str, Any] | None:
    """What a replay found; None where verify finds the record broken, which the report says. Raises UserError."""
    from glassloop.cli.replay import Bar, agree
    from glassloop.replay import BrokenError
    from glassloop.replay import replay as replayed

    try:
        with Bar() as bar:
            return replayed(run, agree=lambda lines: agree(lines, yes), progress=bar).as_json()
    except BrokenError as error:
        print(f"note: not run again: {error}", file=sys.stderr)
        return None


def _gradients(run: Path, seed: int, yes: bool) -> dict[str, Any]:
    """What computing a gradient again found. Raises UserError where it cannot be, or nobody agrees."""
    from glassloop.audit.gradients import chosen, recompute
    from glassloop.cli.replay import agree

    step, name = chosen(run)
    agree([f"will run: {run / 'source' / 'task.py'}, for the gradient of step {step + 1}, from {name}"], yes)
    return recompute(run, step, name, seed)


def write(report: Report, out: Path) -> Path:
    """Write the report in the form that `out` ends in; returns where it lies. Raises UserError."""
    from glassloop.audit.page import to_html, to_markdown
    from glassloop.cli.pages import write_page, write_text

    if out.suffix == ".json":
        return write_text(json.dumps(report.as_json(), indent=2, default=str) + "\n", out)
    if out.suffix == ".md":
        return write_text(to_markdown(report), out)
    return write_page(to_html(report), out)
