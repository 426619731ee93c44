"""Two versions of a loop as one document: the newer one's lines, with the older one's where they were."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from glassloop.annotate.blocks import Block, Code, Document, Prose, Row
from glassloop.annotate.document import document_of
from glassloop.annotate.reading import Reading, read_program
from glassloop.annotate.story import order_of_a_step


def difference(old: str, new: str) -> Document:
    """The annotated difference of two scripts. Raises UserError where one cannot be read."""
    before, after = read_program(old), read_program(new)
    was, made = document_of(before), document_of(after)
    rows = list(_rows(_flat(was), _flat(made)))
    blocks: list[Block] = []
    for piece in rows:
        last = blocks[-1] if blocks else None
        if isinstance(piece, Row) and isinstance(last, Code):
            blocks[-1] = Code(_joined(last.rows, piece))
        else:
            blocks.append(Code((piece,)) if isinstance(piece, Row) else piece)
    known = dict.fromkeys((*made.rules, *was.rules))
    title = f"{old} → {new}"
    stamp = [*((f"{name} before", value) for name, value in was.stamp if name in ("source", "commit", "seed")), *made.stamp]
    return Document(title, blocks, stamp, [*_told(before, after), *made.summary[1:]], list(known))


def _told(before: Reading, after: Reading) -> Iterable[str]:
    """What changed in one step, and which findings came and went."""
    was, now = order_of_a_step(before), order_of_a_step(after)
    if was == now:
        yield f"One step does the same events in the same order: {', '.join(now)}." if now else "No step was seen in either."
    else:
        yield f"One step before, in order: {', '.join(was) or 'none was seen'}."
        yield f"One step now, in order: {', '.join(now) or 'none was seen'}."
    old, new = [f.rule for f in before.findings], [f.rule for f in after.findings]
    gone, come = [r for r in old if r not in new], [r for r in new if r not in old]
    if gone:
        yield f"No longer found: {', '.join(dict.fromkeys(gone))}."
    if come:
        yield f"Newly found: {', '.join(dict.fromkeys(come))}."


def _joined(rows: tuple[Row, ...], row: Row) -> tuple[Row, ...]:
    """Lines without notes that follow each other, and have fared alike, are one row again."""
    last = rows[-1]
    plain = not any((row.notes, row.findings, row.comment, last.notes, last.findings, last.comment))
    if not plain or row.mark != last.mark or row.first != last.last + 1:
        return (*rows, row)
    both = replace(last, last=row.last, code=f"{last.code}\n{row.code}", bare=f"{last.bare}\n{row.bare}")
    return (*rows[:-1], both)


Piece = Row | Prose


def _flat(document: Document) -> list[Piece]:
    pieces: list[Piece] = []
    for block in document.blocks:
        pieces.extend(_split(block.rows) if isinstance(block, Code) else [block])
    return pieces


def _split(rows: Sequence[Row]) -> Iterable[Row]:
    """Rows without notes are cut into lines, so that only what changed is marked."""
    for row in rows:
        lines, bare = row.code.split("\n"), row.bare.split("\n")
        if row.notes or row.findings or len(lines) == 1:
            yield row
            continue
        for i, (line, shown) in enumerate(zip(lines, bare, strict=True)):
            yield replace(row, first=row.first + i, last=row.first + i, code=line, bare=shown)


def _key(piece: Piece) -> str:
    return piece.code if isinstance(piece, Row) else f"# {piece.text}"


def _rows(old: list[Piece], new: list[Piece]) -> Iterable[Piece]:
    matcher = difflib.SequenceMatcher(None, [_key(p) for p in old], [_key(p) for p in new], autojunk=False)
    for tag, i, j, k, n in matcher.get_opcodes():
        if tag != "equal":
            yield from (_marked(p, "removed") for p in old[i:j] if isinstance(p, Row))
        for piece in new[k:n]:
            yield piece if tag == "equal" else _marked(piece, "added")


def _marked(piece: Piece, mark: str) -> Piece:
    """A removed line keeps the notes that speak of no other line: those are not on this page."""
    if isinstance(piece, Prose):
        return piece
    if mark == "removed":
        notes = tuple(replace(note, why="", breaks="") for note in piece.notes if "line " not in note.what)
        return replace(piece, mark=mark, notes=notes, findings=())
    return replace(piece, mark=mark)
