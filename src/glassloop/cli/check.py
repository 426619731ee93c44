"""`glassloop check`: findings of the reader, in the form that is asked for; and their fixes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glassloop.errors import UserError

if TYPE_CHECKING:
    from glassloop.check import Report
    from glassloop.mend import Mended


class Format(str, Enum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


def check(
    paths: Annotated[list[str], typer.Argument(help="Files (.py, .ipynb) and folders; - reads a script from stdin.")],
    format: Annotated[
        Format, typer.Option("--format", help="text for people; json, sarif (2.1.0) and github (annotations) for programs.")
    ] = Format.TEXT,
    select: Annotated[list[str] | None, typer.Option("--select", help="Only these rules (repeat, or a,b).")] = None,
    ignore: Annotated[list[str] | None, typer.Option("--ignore", help="All rules but these (repeat, or a,b).")] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended, each fix tried before it is made.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what --fix would change, and change nothing.")] = False,
    unsafe_fixes: Annotated[
        bool, typer.Option("--unsafe-fixes", help="With --fix or --diff: also fixes that a person should look at.")
    ] = False,
    gitignore: Annotated[bool, typer.Option(help="Leave out what .gitignore names, in folders.")] = True,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Processes; default: by the size.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Also say what was not decided, and why.")] = False,
    statistics: Annotated[bool, typer.Option("--statistics", help="Also count findings, paths and abstentions.")] = False,
) -> None:
    """Find silent mistakes in training loops by reading them; nothing is run and torch is not imported.

    `# glassloop: ignore\\[rule]` on a line sets a finding aside; \\[tool.glassloop] in pyproject.toml takes select, ignore,
    exclude and per-file-ignores.

    Exit code 0: clean; 1: errors or warnings were found, or a training file in a folder cannot be read; 2: wrong usage, or a
    file that was named cannot be read.

    Example: glassloop check train.py helpers/ --format json
    """
    from glassloop.check import check_paths
    from glassloop.config import find_config

    given = {"-": sys.stdin.buffer.read()} if "-" in paths else {}
    try:
        config = find_config(next((path for path in paths if path != "-"), "."))
        how: dict[str, Any] = {
            "select": _names(select), "ignore": _names(ignore), "config": config, "gitignore": gitignore,
        }  # fmt: skip
        if fix or diff:
            _mend(paths, how, given, unsafe=unsafe_fixes, write=not diff)
            if diff:
                return
        report = check_paths(paths, given=given, jobs=jobs, **how)
    except FileNotFoundError as error:
        raise UserError(f"{error} does not exist; name files (.py, .ipynb) or folders") from None
    except ValueError as error:
        raise UserError(str(error)) from None
    _show(report, format, to_stderr=fix and "-" in paths)
    _aside(report, paths, verbose, statistics)
    if set(report.unreadable) & set(paths):
        raise typer.Exit(2)
    bad = bool(report.unreadable) or any(f.severity.value != "info" for f in report.findings)
    raise typer.Exit(1 if bad else 0)


def _names(given: Sequence[str] | None) -> list[str]:
    return [name.strip() for part in given or () for name in part.split(",") if name.strip()]


def _mend(paths: list[str], how: dict[str, Any], given: dict[str, bytes], *, unsafe: bool, write: bool) -> None:
    """Make the fixes, or show them: then leave with 1 if there are any, as a check of the result would not be clean."""
    from glassloop.mend import mend_paths

    mended = mend_paths(paths, unsafe=unsafe, given=given, **how)
    if not write:
        sys.stdout.write(mended.diff())
        _said(mended, "would be mended")
        raise typer.Exit(1 if mended.after else 0)
    if "-" in given:  # what came from stdin goes to stdout, mended or not
        given["-"] = mended.after.pop("-", given["-"])
        sys.stdout.buffer.write(given["-"])
        sys.stdout.flush()
    try:
        mended.write()
    except OSError as error:
        raise UserError(f"{error.filename} cannot be written: {error.strerror}; it is as it was") from None
    _said(mended, "mended")


def _said(mended: Mended, what: str) -> None:
    count = len(mended.done)
    if count:
        print(f"{count} finding{'s' if count > 1 else ''} {what} in {len(mended.before)} file(s)", file=sys.stderr)
    for finding, why in mended.left:
        print(f"{finding.where.path}:{finding.where.line}: {finding.rule} stays: {why}", file=sys.stderr)


def _show(report: Report, format: Format, to_stderr: bool) -> None:
    from glassloop.cli import formats
    from glassloop.rules import all_rules

    out = sys.stderr if to_stderr else sys.stdout
    if format is Format.JSON:
        print(formats.as_json(report), file=out)
    elif format is Format.SARIF:
        print(formats.as_sarif(report), file=out)
    elif format is Format.GITHUB:
        print(formats.as_github(report), file=out, end="\n" if report.findings else "")
    else:
        safe = {rule.name for rule in all_rules() if rule.card.safe}
        for finding in report.findings:
            typer.echo(formats.as_text(finding, report, fixable=bool(finding.mends) and finding.rule in safe), file=out)
        print(_summary(report), file=out)


def _summary(report: Report) -> str:
    n, files = len(report.findings), report.statistics["files"]
    found = "no findings" if not n else f"{n} finding{'s' if n > 1 else ''}"
    unread = f"; {len(report.unreadable)} cannot be read" if report.unreadable else ""
    return f"{found} in {files} file{'s' if files != 1 else ''}{unread}"


def _aside(report: Report, paths: list[str], verbose: bool, statistics: bool) -> None:
    """What is no finding goes to stderr: files that cannot be read always, the rest when asked for."""
    if not report.statistics["files"]:
        print(f"note: no .py or .ipynb file below {', '.join(paths)} that is neither excluded nor ignored", file=sys.stderr)
    for path, note in report.notes:
        if verbose or path in paths or path in report.unreadable:
            print(f"error: {path}: {note}" if path in report.unreadable else f"{path}: {note}", file=sys.stderr)
    if verbose:
        from glassloop.cli.formats import place_of

        for where, rule, why in sorted(report.undecided):
            print(f"{place_of(where, report)}: not decided: {rule}: {why}", file=sys.stderr)
    if verbose or statistics:
        for name, count in sorted(report.statistics.items()):
            print(f"{count:8d} {name}", file=sys.stderr)
