"""What the pointer shows on a line of a loop: what it does, why it stands there, what breaks if it moves."""

from __future__ import annotations

from glassloop.annotate.blocks import Note


def page(notes: tuple[Note, ...]) -> str:
    """The notes of one line as Markdown."""
    return "\n\n---\n\n".join(_note(note) for note in notes)


def _note(note: Note) -> str:
    parts = [f"**{note.topic}**: {note.what}", note.why, f"*If it moves:* {note.breaks}" if note.breaks else ""]
    parts += ["Rules: " + ", ".join(f"`{rule}`" for rule in note.rules) if note.rules else ""]
    return "\n\n".join(part for part in parts if part)
