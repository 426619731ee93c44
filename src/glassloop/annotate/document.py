"""From a script to a document: its lines cut into rows, each with the notes of the events it causes."""

from __future__ import annotations

import ast
import io
import json
import tokenize
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from glassloop.annotate.around import AROUND, flagged
from glassloop.annotate.blocks import Block, Code, Document, Note, Prose, Row
from glassloop.annotate.context import Context, Seen
from glassloop.annotate.notes import UPDATE
from glassloop.annotate.plain import Plain, loop_note
from glassloop.annotate.reading import LOOPS, Reading, first_line, read_program
from glassloop.annotate.stamp import stamp_of
from glassloop.annotate.story import summary_of
from glassloop.events import (
    BATCH,
    END,
    EVAL_MODE,
    FORWARD,
    GRAD_OFF,
    GRAD_ON,
    OPAQUE,
    PASS_BEGIN,
    PASS_END,
    TRAIN_MODE,
    Event,
)
from glassloop.findings import Finding, Where
from glassloop.rules import all_rules
from glassloop.source.notebooks import Notebook

REMARKS = {
    "loader": Note("loader", "Makes the loader: it cuts the data into batches.", "", "", ("train-data-not-shuffled",)),
    "seed": Note(
        "seed",
        "Seeds a random generator: first weights, dropout and shuffling follow from it.",
        "Before the model and the loaders are made, for they draw from it.",
        "",
        ("seed-missing",),
    ),
    "autocast": Note(
        "autocast",
        "What runs inside uses a lower precision where that is safe: products and convolutions, but not sums and losses.",
        "Around the forward and the loss. The backward uses the types that the forward chose, and belongs outside.",
        "",
        ("backward-inside-autocast",),
    ),
    "detached": Note(
        "detached",
        "Cuts a value off its graph here: no gradient flows back through it to what made it.",
        "",
        "Left out, the backward would also reach, and fill, what made it.",
    ),
    "read": Note(
        "figure",
        "Makes a plain number of a tensor: on an accelerator the host waits here until the device has got that far.",
        "",
        "",
        ("sync-every-step",),
    ),
}


def document(path: str, run: Path | None = None) -> Document:
    """The annotated script or notebook at `path`, read without running it; with the figures of the run folder `run`.

    Raises UserError where it cannot be read, or where `run` is no run of this text.
    """
    reading = read_program(path)
    made = document_of(reading)
    if run is None:
        return made
    from glassloop.annotate.cost import with_run

    return with_run(made, reading, run)


def blocks_of(path: str) -> list[Block]:
    """The blocks of `document(path)`."""
    return document(path).blocks


def document_of(reading: Reading) -> Document:
    """The document of what was read."""
    noted = Noted(reading)
    blocks = noted.blocks()
    made = Document(reading.text.path, blocks, stamp_of(reading), summary_of(reading))
    names = {rule for row in made.rows() for rule in (*_rules(row), *(f.rule for f in row.findings))}
    made.rules = [rule.name for rule in all_rules() if rule.name in names]
    return made


def _rules(row: Row) -> Iterable[str]:
    return (rule for note in row.notes for rule in note.rules)


class Noted:
    """The notes of every line of one script."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.context = Context(reading)
        self.layout = self.context.layout
        self.plain = Plain(self.context)
        self.known = {rule.name for rule in all_rules()}
        self.lines = reading.text.source.split("\n")
        self.comments = comments_of(reading.text.source)
        self.notes = self._all_notes()

    def _all_notes(self) -> dict[int, tuple[Note, ...]]:
        """By the first line of a statement. A note that was given before is told in short."""
        active = self.plain.active()
        found: dict[int, tuple[Note, ...]] = {}
        given: dict[tuple[str, str, str], int] = {}
        for node in sorted(dict.fromkeys(self.layout.at.values()), key=lambda n: n.lineno):
            notes = self._notes(node, node.lineno in active)
            if notes:
                found[node.lineno] = tuple(self._short(note, given, node.lineno) for note in notes)
        return found

    def _short(self, note: Note, given: dict[tuple[str, str, str], int], line: int) -> Note:
        note = replace(note, rules=tuple(rule for rule in note.rules if rule in self.known))
        key = (note.topic, note.what, note.why)
        first = given.setdefault(key, line)
        if first == line or len(note.why) + len(note.breaks) < LONG:
            return note
        return replace(note, why=f"As at line {first}.", breaks="")

    def _notes(self, node: ast.stmt, active: bool) -> list[Note]:
        line = node.lineno
        notes: list[Note] = []
        if isinstance(node, LOOPS):
            loop = self.context.loops.get(line)
            notes += [loop_note(loop, self.context)] if loop is not None else []
        notes += self._events(node)
        remarks = self.context.remarks.get(line, set())
        given = {note.topic for note in notes}
        notes += [REMARKS[name] for name in ("loader", "seed", "autocast") if name in remarks and name not in given]
        if notes and not isinstance(node, LOOPS):
            notes += [REMARKS[name] for name in ("detached", "read") if name in remarks]
        called = line in self.context.through or (line in self.context.callers and isinstance(node, FUNCTIONS))
        if (active and not notes) or called or _is_main_guard(node):
            plain = self.plain.note(node)
            notes += [plain] if plain is not None else []
            if plain is not None and plain.topic == "flow" and "read" in remarks:
                notes.append(REMARKS["read"])
        return notes

    def _events(self, node: ast.stmt) -> list[Note]:
        kinds = self.context.at.get(node.lineno, {})
        notes: list[Note] = []
        for kind, seen in kinds.items():
            if kind == OPAQUE or (kind == GRAD_ON and GRAD_OFF in kinds):
                continue
            if kind in (BATCH, PASS_BEGIN) and not isinstance(node, LOOPS):
                notes += _fetch(kind, kinds)
            if kind in HEADERS:
                continue
            if kind in MODES and MODES.issubset(kinds):  # one call with a flag
                notes += [flagged(seen, self.context)] if kind == TRAIN_MODE else []
                continue
            if kind == FORWARD:
                notes += self._forwards(seen, node)
            elif kind in UPDATE:
                notes.append(UPDATE[kind](seen))
            elif kind in AROUND:
                notes.append(AROUND[kind](seen, self.context))
            else:
                notes.append(Note(kind, f"Causes the event {kind}: `glassloop explain {kind}` says when it does."))
        return notes

    def _forwards(self, seen: list[Seen], node: ast.stmt) -> list[Note]:
        """A note for each call of a model on the line, equal ones once."""
        calls: dict[object, list[Seen]] = {}
        for one in seen:
            calls.setdefault(one.event.at, []).append(one)
        notes: dict[Note, None] = {}
        for each in calls.values():
            cut = all(_cut_off(s.event, node) for s in each)
            method = all(_by_method(s.event, node) for s in each)
            notes[CUT_OFF if cut else METHOD if method else UPDATE[FORWARD](each)] = None
        return list(notes)

    # --- rows --------------------------------------------------------------------------------------------------------

    def blocks(self) -> list[Block]:
        """Prose and code in the order of the script."""
        if self.reading.text.notebook is not None:
            return list(self._cells(self.reading.text.notebook))
        blocks: list[Block] = []
        for piece in self._pieces(1, len(self.lines)):
            last = blocks[-1] if blocks else None
            if isinstance(piece, Row) and isinstance(last, Code):
                blocks[-1] = Code((*last.rows, piece))
            else:
                blocks.append(Code((piece,)) if isinstance(piece, Row) else piece)
        return blocks

    def _cells(self, notebook: Notebook) -> Iterable[Block]:
        """A notebook's cells in order, each code cell whole; its lines count through the code cells."""
        code = dict(zip(notebook.cells, zip(notebook.first_lines, notebook.sources, strict=True), strict=True))
        for number, text in cell_texts(self.reading.text.path):
            if number not in code:
                yield Prose(text, 0, markdown=True)
                continue
            first, source = code[number]
            last = first + source.count("\n")
            self.lines[first - 1 : last] = source.split("\n")  # as they stand, magics and all
            rows = [piece for piece in self._pieces(first, last, prose=False) if isinstance(piece, Row)]
            yield Code(tuple(rows), number)

    def _pieces(self, first: int, last: int, prose: bool = True) -> list[Row | Prose]:
        """Rows of the lines `first` to `last`, and the prose between them; not `prose`: every line stays code."""
        found: list[Row | Prose] = []
        plain: list[int] = []

        def close() -> None:
            while prose and plain and not self.lines[plain[-1] - 1].strip():
                plain.pop()
            while prose and plain and not self.lines[plain[0] - 1].strip():
                plain.pop(0)
            if plain:
                row = self._row(plain[0], plain[-1], ())
                found.append(replace(row, bare=row.code, comment=""))  # beside no note, comments stay where they are
            plain.clear()

        line = first
        while line <= last:
            words, after = self._prose(line, last) if prose else (None, line)
            if words is not None:
                close()
                found.append(words)
                line = after
                continue
            node = self.layout.at.get(line)
            notes = self.notes.get(node.lineno, ()) if node is not None else ()
            if node is None or not (notes or self._found(line, self._end(line))):
                plain.append(line)
                line += 1
                continue
            close()
            end = min(self._end(line), last)
            found.append(self._row(line, end, notes))
            line = end + 1
        close()
        return found

    def _end(self, line: int) -> int:
        """The last line that belongs to the same statement (its header)."""
        node = self.layout.at.get(line)
        while self.layout.at.get(line + 1) is node and node is not None:
            line += 1
        return line

    def _row(self, first: int, last: int, notes: tuple[Note, ...]) -> Row:
        code = "\n".join(self.lines[first - 1 : last])
        bare, words = [], []
        for number in range(first, last + 1):
            text = self.lines[number - 1]
            column, comment = self.comments.get(number, (len(text), ""))
            bare.append(text[:column].rstrip() if text[:column].strip() else text)
            if comment and text[:column].strip():
                words.append(comment)
        return Row(first, last, code, "\n".join(bare), "; ".join(words), notes, self._found(first, last))

    def _found(self, first: int, last: int) -> tuple[Finding, ...]:
        return tuple(f for f in self.reading.findings if first <= f.where.line <= last)

    def _prose(self, line: int, last: int) -> tuple[Prose | None, int]:
        """A docstring, or comments on lines of their own, that begin at `line`; and the line after them."""
        node = self.layout.at.get(line)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            if line == first_line(node) and node.end_lineno is not None:
                return Prose(_dedented(node.value.value), line, markdown=True), node.end_lineno + 1
            return None, line
        words = []
        at = line
        while at <= last and at in self.comments and self.layout.at.get(at) is None:
            column, comment = self.comments[at]
            if self.lines[at - 1][:column].strip():
                break
            words.append(comment)
            at += 1
        text = "\n".join(words).strip()
        return (Prose(text, line), at) if at > line else (None, line)


MODES = {TRAIN_MODE, EVAL_MODE}
LONG = 90  # characters; what is longer is not told twice on a page
HEADERS = frozenset({BATCH, PASS_BEGIN, PASS_END, END})  # what a loop's own note speaks of
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _is_main_guard(node: ast.stmt) -> bool:
    test = node.test if isinstance(node, ast.If) else None
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"


def _by_method(event: Event, node: ast.stmt) -> bool:
    """Whether a forward is the call of an attribute of a model whose class is not known: a method, or a part of it."""
    label = event.what.label if event.what is not None else ""
    calls = (n.func for n in ast.walk(node) if isinstance(n, ast.Call) and not isinstance(node, LOOPS))
    return any(isinstance(f, ast.Attribute) and f.attr == label for f in calls)


def _cut_off(event: Event, node: ast.stmt) -> bool:
    """Whether a forward's result is taken off its graph on the spot: `generator(noise).detach()`."""
    if not isinstance(event.at, Where) or isinstance(node, LOOPS):
        return False
    start = (event.at.line, event.at.column - 1)
    cuts = (n.value for n in ast.walk(node) if isinstance(n, ast.Attribute) and n.attr in ("detach", "data"))
    return any(isinstance(n, ast.Call) and (n.lineno, n.col_offset) == start for n in cuts)


CUT_OFF = Note(
    "forward",
    "Runs a model whose result is cut off its graph on the spot: no gradient will reach this model from it.",
    "Under no_grad the graph would not have been recorded at all.",
)
METHOD = Note(
    "method",
    "Calls a method of the model, or a part of it. What it does could not be told from this file; "
    "where it runs a part of the network, that is a forward.",
)


def _fetch(kind: str, kinds: Iterable[str]) -> list[Note]:
    if kind == BATCH:
        what = "Fetches one batch from the loader."
        if PASS_BEGIN in kinds:
            what = "Begins a new pass over the loader and fetches its first batch."
        return [Note("batch", what, "Before the forward that it is for.", "", ("loader-restarted-each-step",))]
    if BATCH in kinds:
        return []
    what = "Begins a new pass over the loader: where it shuffles, its order is drawn; where it has workers, they start."
    return [Note("pass", what)]


def cell_texts(path: str) -> list[tuple[int, str]]:
    """Every cell's number, from 1, and its text."""
    with open(path, "rb") as file:
        cells = json.load(file)["cells"]
    return [(i, "".join(cell["source"])) for i, cell in enumerate(cells, start=1)]


def _dedented(text: str) -> str:
    import inspect

    return inspect.cleandoc(text)


def comments_of(source: str) -> dict[int, tuple[int, str]]:
    """By line: the column where a comment begins, and its words."""
    found: dict[int, tuple[int, str]] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                found[token.start[0]] = (token.start[1], _words(token.string))
    except (tokenize.TokenError, IndentationError):  # ast has read it: what a cell's magics left behind
        return found
    return found


def _words(comment: str) -> str:
    """A comment's words, without its mark and without rules drawn around a title."""
    if comment.startswith(("#!", "# -*-")):
        return ""
    text = comment.lstrip("#").strip()
    title = text.strip("-=#*~ ")
    return title if title and len(text) - len(title) > 8 else text if title else ""


__all__ = ["Noted", "blocks_of", "document", "document_of"]
