"""`glassloop annotate`: your loop, line by line, as a page, a notebook, a PDF or Markdown."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glassloop.cli.pages import write_page, write_text
from glassloop.errors import UserError

if TYPE_CHECKING:
    from glassloop.annotate import Document

FORMS = (".html", ".ipynb", ".pdf", ".md")


def annotate(
    script: Annotated[str, typer.Argument(help="A training script (.py) or a notebook (.ipynb).")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="FILE.html, .ipynb, .pdf or .md.", show_default="SCRIPT.html"),
    ] = None,
    run: Annotated[
        Path | None, typer.Option("--run", metavar="RUN", help="A run folder: each line also shows what it did and cost.")
    ] = None,
    diff: Annotated[
        str | None, typer.Option("--diff", metavar="OTHER", help="An older version: both are annotated as a difference.")
    ] = None,
    args: Annotated[str, typer.Option("--args", help="For .ipynb: the arguments that the script is given.")] = "",
) -> None:
    """Say of each line of a training loop what it does, why it stands there, and what breaks if it moves.

    Nothing is run, and torch is not imported. What check finds stands at its lines.

    Example: glassloop annotate train.py -o train.html --run runs/train-001
    """
    from glassloop.annotate import document
    from glassloop.annotate.diff import difference

    out = out or Path(script).with_suffix(".html")
    if out.suffix not in FORMS:
        raise UserError(f"{out} ends in none of {', '.join(FORMS)}; the ending says what is written")
    if out.exists() and Path(script).exists() and out.samefile(script):
        raise UserError(f"{out} is the script itself; give another name with -o")
    if diff is not None and (run is not None or out.suffix == ".ipynb"):
        raise UserError("--diff shows two texts: it goes with neither --run nor a notebook; leave one of them out")
    made = difference(diff, script) if diff is not None else document(script, run)
    written = write(made, script, out, shlex.split(args))
    print(f"{written}: {sum(bool(row.notes) for row in made.rows())} places with notes")


def write(made: Document, script: str, out: Path, args: list[str]) -> Path:
    """Write the document in the form that `out` ends in; returns where it lies. Raises UserError."""
    if out.suffix in (".html", ".pdf"):
        from glassloop.annotate.html import to_html

        return write_page(to_html(made), out)
    return write_text(_text(made, script, out, args), out)


def _text(made: Document, script: str, out: Path, args: list[str]) -> str:
    if out.suffix == ".md":
        from glassloop.annotate.markdown import to_markdown

        return to_markdown(made)
    return _notebook(made, script, out, args)


def _notebook(made: Document, script: str, out: Path, args: list[str]) -> str:
    from glassloop.annotate.notebook import to_notebook
    from glassloop.source.text import decode, read

    try:
        return to_notebook(made, decode(read(script)) if script.endswith(".py") else "", os.fspath(out), args)
    except ImportError as error:
        raise UserError(f"writing a notebook needs {error.name}; pip install 'glassloop[book]' installs it") from None
