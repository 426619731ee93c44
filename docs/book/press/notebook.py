"""Chapters as one notebook: the words and cuts as text, the experiments and figures as cells that were run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from .chapter import BOOK, Chapter, Piece
from .source import Cut

FIRST = """\
# Needs glassloop with its extras train and book, and a clone of the repository: run it in docs/book/_build.
import sys
from pathlib import Path

from IPython.display import SVG, Image, display

sys.path.insert(0, "..")
from press import show"""


def write(chapters: list[Chapter], path: Path, figures: Path) -> None:
    """Builds the notebook, runs every cell and writes it. Raises nbclient's CellExecutionError where a cell fails."""
    cells = [new_code_cell(FIRST)]
    for chapter in chapters:
        for piece in chapter.pieces:
            cells.append(_cell(piece, figures))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"  # the same notebook from the same book
    notebook = new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    at = {"metadata": {"path": BOOK / "_build"}}
    client: Any = NotebookClient(notebook, timeout=300, kernel_name="python3", resources=at)
    client.execute()
    for cell in notebook.cells:
        cell.get("metadata", {}).pop("execution", None)  # when it ran is no part of the book
    nbformat.validate(notebook)
    nbformat.write(notebook, path)


def _cell(piece: Piece, figures: Path) -> Any:
    if piece.kind == "cut":
        return new_markdown_cell(_fenced(piece.data))
    if piece.kind == "experiment":
        return new_code_cell(f'show.experiment("{piece.words}")')
    if piece.kind == "poison":
        return new_code_cell(f'show.poison("{piece.words}")')
    if piece.kind == "table":
        return new_code_cell("show.table()")
    if piece.kind == "figure":
        script = f"../figures/{piece.data.stem}.py"
        return new_code_cell(f'# {piece.words}\nshow.figure("{script}")')
    if piece.kind == "animation":
        return new_code_cell(f"# {piece.words}\nshow.animation()")
    if piece.kind == "claim":
        said = f"Said elsewhere: {piece.data.says} **{piece.data.verdict}** ({piece.words} in the ledger of claims)."
        return new_markdown_cell(said)
    return new_markdown_cell(piece.data.strip("\n"))


def _fenced(cut: Cut) -> str:
    code = "\n".join(cut.lines)
    return f"`{cut.file}`, lines {cut.first} to {cut.last}:\n\n```python\n{code}\n```"
