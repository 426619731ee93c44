"""The document as Markdown: code in fences, notes below it, and headings that any renderer can link."""

from __future__ import annotations

from collections.abc import Iterable

from glassloop.annotate.blocks import Document, Note, Prose, Row
from glassloop.findings import Finding
from glassloop.measured import measured
from glassloop.rules import all_rules


def to_markdown(document: Document) -> str:
    """The whole text."""
    parts = [f"# {document.title}", *document.summary]
    for block in document.blocks:
        if isinstance(block, Prose):
            parts.append(block.text)
            continue
        for row in block.rows:
            parts.extend(_row(row))
    cards = [_card(rule.name) for rule in all_rules() if rule.name in document.rules]
    parts += ["## The rules that these lines are about", *cards] if cards else []
    parts += ["## What this page is about", "\n".join(f"- {name}: {value}" for name, value in document.stamp)]
    return "\n\n".join(part for part in parts if part) + "\n"


def notes_of(row: Row) -> list[str]:
    """A row's findings, notes and figures, as items of a list."""
    told = [_finding(finding) for finding in row.findings]
    told += [note_text(note) for note in row.notes]
    return told + ([f"- Measured: {'; '.join(row.figures)}"] if row.figures else [])


def note_text(note: Note) -> str:
    """One note as an item of a list."""
    text = f"- **{note.topic}**: {note.what}"
    text += f" {note.why}" if note.why else ""
    text += f" *If it moves:* {note.breaks}" if note.breaks else ""
    return text + (f" ({', '.join(f'`{rule}`' for rule in note.rules)})" if note.rules else "")


def fenced(code: str) -> str:
    """Code in a fence that is longer than any inside it."""
    fence = "```"
    while fence in code:
        fence += "`"
    return f"{fence}python\n{code}\n{fence}"


def _row(row: Row) -> Iterable[str]:
    mark = {"added": "*added*, ", "removed": "*removed*, "}.get(row.mark, "")
    lines = f"line {row.first}" if row.first == row.last else f"lines {row.first} to {row.last}"
    if row.notes or row.findings or mark:
        yield f"{mark}{lines}".capitalize() + ":"
    yield fenced(row.code)
    notes = notes_of(row)
    if notes:
        yield "\n".join(notes)


def _finding(finding: Finding) -> str:
    return f"- **{finding.severity.value}: {finding.rule}**: {finding.message}. Fix: {finding.fix}"


def _card(name: str) -> str:
    rule = next(rule for rule in all_rules() if rule.name == name)
    card = rule.card
    told = [f"### {name}", f"{card.what} {card.why}", f"When it is meant: {card.intended}", f"How to mend it: {card.fix}"]
    told += [f"Measured, {m.case} ({m.verdict}): {m.says}" for m in measured().get(name, ())]
    return "\n\n".join(told)
