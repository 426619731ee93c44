"""`glassloop verify`: is the record of a run whole, incomplete or broken, and who signed it?"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glassloop.cli.printing import Format

if TYPE_CHECKING:
    from glassloop.record.verdict import Verdict


def verify(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, as `glassloop run` leaves it.")],
    form: Annotated[Format, typer.Option("--format", help="json: one object, for programs.")] = Format.TEXT,
    key: Annotated[
        list[Path] | None, typer.Option("--key", metavar="PUB", help="A public key that must have signed (repeat: any).")
    ] = None,
    nonce: Annotated[
        str | None, typer.Option("--nonce", help="What you gave to `run --nonce` before the training began.")
    ] = None,
) -> None:
    """Say whether a record is whole, incomplete (cut by a crash, files missing) or broken (something was changed).

    Every failure names the file, the first bad row or line, and what it means. Nothing that was recorded is run, no
    pickle is opened, no link followed. Without a key, a chain rewritten whole is not told: --key PUB demands a signature.

    Exit code 0: whole; 1: incomplete or broken; 2: wrong usage.

    Example: glassloop verify runs/train-001 --key auditor.pub
    """
    from glassloop.cli.waiting import bar
    from glassloop.record.verify import verify as verdict_on

    with bar("reading the ledger") as progress:
        verdict = verdict_on(run, keys=key or (), nonce=nonce, progress=progress)
    if form is Format.JSON:
        print(json.dumps(verdict.as_json(), indent=2))
    else:
        print(text(verdict))
    sys.stdout.flush()
    raise typer.Exit(0 if verdict.word == "whole" else 1)


def text(verdict: Verdict) -> str:
    """The verdict for people: its word and counts, each problem, what was checked, notes."""
    from glassloop.record.verdict import counted, printable

    counts = (counted(verdict.rows, "row"), counted(verdict.steps, "step"), counted(verdict.sessions, "session"))
    signed = f"signed by key {verdict.signed_by[:16]}" if verdict.signed_by else "not signed"
    lines = [f"{verdict.word}: {printable(str(verdict.run))}: {', '.join((*counts, signed))}"]
    lines += [f"  {problem}" for problem in verdict.problems]
    if verdict.untold:
        lines.append(f"  and {counted(verdict.untold, 'problem')} more")
    if verdict.checked:
        lines.append(f"  also read: {', '.join(verdict.checked)}")
    return "\n".join([*lines, *(f"  note: {note}" for note in verdict.notes)])
