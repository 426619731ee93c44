"""The block model: what a document is made of, before any writer gives it a form.

A document is a list of blocks. A block is prose (the author's own comments), or code: rows of whole lines, each with its
notes, the findings of check and the figures of a run. Writers (HTML, notebook, Markdown) know nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from glassloop.findings import Finding


@dataclass(frozen=True)
class Note:
    """What one line does. `line 41` in its texts means that line of the script; writers link it."""

    topic: str  # an event's kind ("zero-grad"), or what a line is when it causes none ("epoch loop")
    what: str  # what it does
    why: str = ""  # why it stands there
    breaks: str = ""  # what breaks if it moves or goes
    rules: tuple[str, ...] = ()  # names of rules; their pages and experiments


@dataclass(frozen=True)
class Curve:
    """A number that a run measured at sampled steps, as (step, value) in order."""

    name: str
    points: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Row:
    """Lines of code that belong together, `first` to `last`, counted from 1."""

    first: int
    last: int
    code: str  # as it stands
    bare: str = ""  # the same lines without the comments behind them
    comment: str = ""  # those comments: the author's words on these lines
    notes: tuple[Note, ...] = ()
    findings: tuple[Finding, ...] = ()
    figures: tuple[str, ...] = ()  # what a run measured here
    curves: tuple[Curve, ...] = ()  # and what it measured again and again
    mark: str = ""  # "added" or "removed", where two versions are compared


@dataclass(frozen=True)
class Prose:
    """The author's words: a docstring, a comment on lines of its own, a notebook's text."""

    text: str
    line: int  # where it stands; 0 for a notebook's text
    markdown: bool = False  # docstrings and a notebook's text are read as Markdown, comments are plain


@dataclass(frozen=True)
class Code:
    """Rows in order; `cell` counts a notebook's code cells from 1 (0: a script)."""

    rows: tuple[Row, ...]
    cell: int = 0


Block = Prose | Code


@dataclass
class Document:
    """An annotated script. `stamp` is (name, value) in order; `rules` are the names that any note or finding mentions."""

    title: str
    blocks: list[Block]
    stamp: list[tuple[str, str]] = field(default_factory=list)
    summary: list[str] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)

    def rows(self) -> list[Row]:
        """All rows in order."""
        return [row for block in self.blocks if isinstance(block, Code) for row in block.rows]


__all__ = ["Block", "Code", "Curve", "Document", "Note", "Prose", "Row"]
