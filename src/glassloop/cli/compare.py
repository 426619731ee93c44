"""`glassloop compare`: what differs between two runs, and from which step on."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from glassloop.cli.printing import Format

FORMS = (".html", ".pdf", ".json")


def compare(
    a: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    b: Annotated[Path, typer.Argument(metavar="RUN", help="Another.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="FILE.html, .pdf or .json: also curves and source.")
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="text for people, json for programs.")] = Format.TEXT,
) -> None:
    """Say what differs between two runs: source, settings, machine, data, order, result, time, and the first step.

    Nothing of either is run, and torch is not imported.

    Exit code 0: the same training (sources, settings, and every row bit for bit); 1: not; 2: wrong usage, no run folder.

    Example: glassloop compare runs/train-001 runs/train-002 -o compared.html
    """
    from glassloop.cli.pages import must_be_run, must_end, write_page, write_text
    from glassloop.compare import compare as look
    from glassloop.compare.page import to_html, to_text

    must_end(out, FORMS)
    for run in (a, b):
        must_be_run(run)
    found = look(a, b)
    as_json = json.dumps(found.as_json(), indent=2, default=str)
    if format is Format.JSON:
        print(as_json)
    else:
        for line in to_text(found):
            print(line)
    if out is not None:
        written = write_text(as_json + "\n", out) if out.suffix == ".json" else write_page(to_html(found), out)
        print(written, file=sys.stderr if format is Format.JSON else sys.stdout)
    raise typer.Exit(0 if found.same else 1)
