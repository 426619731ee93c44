"""Notebooks: the code cells in order as one text, in which every character stands where it stands in its cell.

What is no Python (magics, shell lines, help) becomes white space or a statement that does nothing, of the same length: so an
edit of the text is an edit of a cell. Cells are joined by a line end; lines count through the code cells.
"""

from __future__ import annotations

import bisect
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from glassloop.source.edits import CannotEditError, Edit, apply

LINE_MAGIC = re.compile(r"^\s*(%|!|\?)|^\s*[\w., ]+=\s*[!%]\w|^[^#'\"]*\w\?{1,2}\s*$")
# What opens and closes: triple quotes, strings in one line (passed over whole), comments, brackets.
TOKENS = re.compile(r"\"\"\"|'''|\\.|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|#.*|[()\[\]{}]")
# Cell magics whose body is this notebook's Python all the same.
STILL_PYTHON = re.compile(r"^%%(time|timeit|capture|prun|memit|mprun|skip_if_false)\b")


@dataclass(frozen=True)
class Notebook:
    """A notebook's code: `text` to parse, and where each code cell begins in it."""

    text: str
    cells: tuple[int, ...]  # numbers of the code cells among all cells, from 1
    first_lines: tuple[int, ...]  # the line of `text` that each begins with
    sources: tuple[str, ...]

    def cell_of(self, line: int) -> tuple[int, int]:
        """The number of the cell that holds a line of the text, and the line in that cell; both from 1."""
        i = max(0, bisect.bisect_right(self.first_lines, line) - 1)
        return (self.cells[i], line - self.first_lines[i] + 1) if self.cells else (1, line)


def read_notebook(data: bytes) -> Notebook:
    """The code cells. Raises ValueError, KeyError, TypeError or AttributeError for what is no notebook."""
    cells = json.loads(data)["cells"]
    numbered = [(i, "".join(c["source"])) for i, c in enumerate(cells, start=1) if c["cell_type"] == "code"]
    texts: list[str] = []
    first_lines: list[int] = []
    line = 1
    for _, source in numbered:
        first_lines.append(line)
        texts.append(_python(source))
        line += source.count("\n") + 1
    sources = tuple(source for _, source in numbered)
    return Notebook("\n".join(texts) + "\n", tuple(i for i, _ in numbered), tuple(first_lines), sources)


def _python(source: str) -> str:
    lines = source.split("\n")
    if source.lstrip().startswith("%%") and not STILL_PYTHON.match(source.lstrip()):
        return "\n".join(" " * len(line) for line in lines)
    if not any(LINE_MAGIC.match(line) for line in lines):
        return source
    scan, found = Scan(), []
    for line in lines:
        # A line that begins with % may go on with an expression: "..." % x, in brackets.
        magic = scan.fresh and LINE_MAGIC.match(line) is not None
        found.append(_set_aside(line) if magic else line)
        if not magic:
            scan.read(line)
    return "\n".join(found)


def _set_aside(line: str) -> str:
    indent = line[: len(line) - len(line.lstrip())]
    room = len(line) - len(indent)
    return indent + ("pass" if room >= 4 else "0").ljust(room)


class Scan:
    """Whether the next line begins a statement: no bracket, string or backslash is open."""

    def __init__(self) -> None:
        self.depth, self.quote, self.joined = 0, "", False

    @property
    def fresh(self) -> bool:
        """Whether a statement may begin here."""
        return not (self.depth or self.quote or self.joined)

    def read(self, line: str) -> None:
        """Take in one line of Python."""
        for token in TOKENS.findall(line):
            if self.quote:
                self.quote = "" if token == self.quote else self.quote
            elif token.startswith("#"):
                break
            elif token in ("\"\"\"", "'''"):
                self.quote = token
            else:
                self.depth = max(0, self.depth + (token in "([{") - (token in ")]}"))
        self.joined = line.endswith("\\") and not self.quote


def edited(data: bytes, edits: Iterable[Edit]) -> bytes:
    """The notebook with edits of its text made in its cells; all else, the form of its JSON included, stays.

    Raises CannotEditError where an edit reaches over a cell's end.
    """
    notebook = read_notebook(data)
    document: dict[str, Any] = json.loads(data)
    starts, at = [], 0
    for source in notebook.sources:
        starts.append(at)
        at += len(source) + 1
    per_cell: dict[int, list[Edit]] = {}
    for edit in edits:
        i = bisect.bisect_right(starts, edit.start) - 1
        if edit.end > starts[i] + len(notebook.sources[i]) + 1:
            raise CannotEditError("it reaches over the end of a cell")
        per_cell.setdefault(i, []).append(Edit(edit.start - starts[i], edit.end - starts[i], edit.text))
    for i, mine in per_cell.items():
        # A cell's last line has no line end: it gets one for the edit, and loses it again.
        source = apply(notebook.sources[i] + "\n", mine).removesuffix("\n")
        cell = document["cells"][notebook.cells[i] - 1]
        cell["source"] = source if isinstance(cell["source"], str) else source.splitlines(keepends=True)
    text = data.decode("utf-8")
    indent = re.match(r"\{\s*\n( +|\t)", text)
    spaces = None if indent is None else (indent[1] if "\t" in indent[1] else len(indent[1]))
    written = json.dumps(document, indent=spaces, ensure_ascii=text.isascii())
    return (written + ("\n" if text.endswith("\n") else "")).encode("utf-8")
