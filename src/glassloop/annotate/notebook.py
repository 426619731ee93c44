"""The document as a Jupyter notebook that executes from top to bottom and does what the script does.

The script's text is cut between top-level statements only, so that every cell is whole. What a notebook lacks is given to it
in its first cell: the script's arguments, its folder on the path, and `__file__`. The main guard holds, for a notebook's
`__name__` is `__main__`; where a statement leaves by SystemExit with code 0, its cell ends there.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import textwrap
from collections.abc import Sequence
from typing import Any

from glassloop.annotate.blocks import Code, Document, Prose, Row
from glassloop.annotate.markdown import fenced, notes_of

EXITS = frozenset({"SystemExit", "exit", "_exit", "quit"})


def to_notebook(document: Document, source: str, out: str, args: Sequence[str] = ()) -> str:
    """The notebook's JSON text. `source` is the script's text, `out` where the notebook will lie, `args` the script's own.

    A document that was made from a notebook keeps its cells; notes stand before each.
    """
    import nbformat

    cells: list[Any] = [_words("\n\n".join([f"# {document.title}", *document.summary]))]
    if any(isinstance(block, Code) and block.cell for block in document.blocks):
        cells += _cells_of_notebook(document)
    else:
        cells += _cells_of_script(document, source, out, args)
    stamp = "\n".join(f"- {name}: {value}" for name, value in document.stamp)
    cells.append(_words(f"## What this notebook is about\n\n{stamp}"))
    for number, cell in enumerate(cells):  # not random: the same script gives the same file
        cell["id"] = hashlib.sha256(f"{number}{cell['source']}".encode()).hexdigest()[:8]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    nbformat.validate(notebook)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _words(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def _code(text: str) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": text}


def _cells_of_notebook(document: Document) -> list[Any]:
    cells: list[Any] = []
    for block in document.blocks:
        if isinstance(block, Prose):
            cells.append(_words(block.text))
            continue
        notes = _notes(block.rows, 0)
        cells += [_words(notes)] if notes else []
        cells.append(_code("\n".join(row.code for row in block.rows)))
    return cells


def _cells_of_script(document: Document, source: str, out: str, args: Sequence[str]) -> list[Any]:
    rows, lines = document.rows(), source.split("\n")
    future, body = _split(ast.parse(source))
    cells: list[Any] = [_code(_setting(document.title, out, args))]
    cells += [_code("\n".join(_text(lines, node) for node in future))] if future else []
    for first, last, nodes in _groups(body, rows, len(lines)):
        notes = _notes([row for row in rows if first <= row.first <= last], first - 1)
        cells += [_words(notes)] if notes else []
        text = "\n".join(lines[first - 1 : last]).strip("\n")
        cells.append(_code(_caught(text, nodes)))
    return cells


def _split(tree: ast.Module) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """`from __future__` imports, which must come first in a cell, and the rest."""
    future: list[ast.stmt] = [n for n in tree.body if isinstance(n, ast.ImportFrom) and n.module == "__future__"]
    return future, [n for n in tree.body if n not in future]


def _text(lines: list[str], node: ast.stmt) -> str:
    return "\n".join(lines[node.lineno - 1 : node.end_lineno])


def _groups(body: list[ast.stmt], rows: Sequence[Row], end: int) -> list[tuple[int, int, list[ast.stmt]]]:
    """Runs of top-level statements, as (first line, last line, statements): one with notes begins a cell of its own."""
    noted = {line for row in rows if row.notes or row.findings for line in range(row.first, row.last + 1)}
    groups: list[list[ast.stmt]] = []
    for node in body:
        start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        own = not noted.isdisjoint(range(start, (node.end_lineno or start) + 1))
        shared = bool(groups) and groups[-1][-1].end_lineno == start  # `a = 1; b = 2`
        if not groups or ((own or _has_notes(groups[-1], noted)) and not shared):
            groups.append([])
        groups[-1].append(node)
    found = []
    begin = 1
    for i, group in enumerate(groups):
        last = end if i + 1 == len(groups) else (group[-1].end_lineno or begin)
        found.append((begin, last, group))
        begin = last + 1
    return found


def _has_notes(group: list[ast.stmt], noted: set[int]) -> bool:
    return any(not noted.isdisjoint(range(n.lineno, (n.end_lineno or n.lineno) + 1)) for n in group)


def _notes(rows: Sequence[Row], before: int) -> str:
    """The notes of a cell, each under its line, counted in the script and, where that differs, in the cell."""
    told = []
    for row in rows:
        notes = notes_of(row)
        if notes:
            shown = row.code.strip().split("\n")[0]
            told.append(f"**line {row.first}**\n\n{fenced(shown)}\n\n" + "\n".join(notes))
    return "\n\n".join(told)


def _setting(title: str, out: str, args: Sequence[str]) -> str:
    """The first cell: what `python train.py` would have given the script."""
    folder = os.path.relpath(os.path.dirname(os.path.abspath(title)), os.path.dirname(os.path.abspath(out)))
    name = os.path.basename(title)
    return textwrap.dedent(f"""\
        # What `python {name}` would give the script: its arguments, its neighbours, its own path.
        import os
        import sys

        sys.argv = {[name, *args]!r}
        sys.path.insert(0, os.path.abspath({folder.replace(os.sep, "/")!r}))
        __file__ = os.path.join(sys.path[0], {name!r})""")


def _caught(text: str, nodes: list[ast.stmt]) -> str:
    """A statement that may leave by SystemExit, as a main guard does: code 0 is no error in a notebook."""
    leaves = any(isinstance(n, ast.Name | ast.Attribute) and _name(n) in EXITS for node in nodes for n in _outside(node))
    long_text = any(
        isinstance(n, ast.Constant) and isinstance(n.value, str) and n.lineno != n.end_lineno
        for node in nodes
        for n in ast.walk(node)
    )
    if not leaves or long_text:  # indenting would change a string of several lines
        return text
    inside = textwrap.indent(text, "    ")
    return f"try:\n{inside}\nexcept SystemExit as stop:\n    if stop.code:  # 0 and None: it ended well\n        raise"


def _name(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr


def _outside(node: ast.stmt) -> list[ast.AST]:
    """What runs when a top-level statement does: not the bodies of the functions it defines."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return []
    return list(ast.walk(node))
