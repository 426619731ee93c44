"""`glassloop check`: findings of the reader, as text or JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from glassloop.errors import UserError

if TYPE_CHECKING:
    from glassloop.check import Report
    from glassloop.findings import Finding


class Format(str, Enum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"


def check(
    paths: Annotated[list[str], typer.Argument(help="Files (.py, .ipynb) and folders; - reads a script from stdin.")],
    format: Annotated[Format, typer.Option("--format", help="text for people, json for scripts.")] = Format.TEXT,
    select: Annotated[list[str] | None, typer.Option("--select", help="Only these rules (repeat, or a,b).")] = None,
    ignore: Annotated[list[str] | None, typer.Option("--ignore", help="All rules but these (repeat, or a,b).")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Also say what could not be followed.")] = False,
    statistics: Annotated[bool, typer.Option("--statistics", help="Also count paths and abstentions.")] = False,
) -> None:
    """Find silent mistakes in training loops by reading them; nothing is run and torch is not imported.

    Exit code 0: clean; 1: errors or warnings were found; 2: wrong usage, or a file that was named cannot be read.

    Example: glassloop check train.py helpers/ --format json
    """
    from glassloop.check import check_paths

    given = {"-": sys.stdin.buffer.read()} if "-" in paths else {}
    try:
        report = check_paths(paths, select=_names(select), ignore=_names(ignore), given=given)
    except FileNotFoundError as error:
        raise UserError(f"{error} does not exist; name files (.py, .ipynb) or folders") from None
    except ValueError as error:
        raise UserError(f"{error}; `glassloop explain RULE` knows every rule") from None
    if format is Format.JSON:
        print(json.dumps([f.as_json() for f in report.findings], indent=2))
    else:
        for finding in report.findings:
            print(text_of(finding))
        print(_summary(report))
    _aside(report, paths, verbose, statistics)
    if set(report.unreadable) & set(paths):
        raise typer.Exit(2)
    raise typer.Exit(1 if any(f.severity.value != "info" for f in report.findings) else 0)


def _names(given: Sequence[str] | None) -> list[str]:
    return [name.strip() for part in given or () for name in part.split(",") if name.strip()]


def text_of(finding: Finding) -> str:
    """One finding for people: the place, the rule, the story and the remedy."""
    w = finding.where
    lines = [f"{w.path}:{w.line}:{w.column}: {finding.severity.value} {finding.rule}", f"    {finding.message}"]
    lines += [f"    {at.path}:{at.line}: {words}" for at, words in finding.related if words]
    lines.append(f"    fix: {finding.fix}")
    return "\n".join(lines)


def _summary(report: Report) -> str:
    n, files = len(report.findings), report.statistics["files"]
    found = "no findings" if not n else f"{n} finding{'s' if n > 1 else ''}"
    return f"{found} in {files} file{'s' if files != 1 else ''}"


def _aside(report: Report, paths: list[str], verbose: bool, statistics: bool) -> None:
    """What is no finding goes to stderr: files named that cannot be read always, the rest when asked for."""
    for path, note in report.notes:
        if verbose or path in paths:
            print(f"error: {path}: {note}" if path in report.unreadable else f"{path}: {note}", file=sys.stderr)
    if verbose or statistics:
        for name, count in sorted(report.statistics.items()):
            print(f"{count:8d} {name}", file=sys.stderr)
