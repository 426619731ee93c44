"""What the pointer shows on a line of a loop: what it does, and the rules that mind where it stands."""

from __future__ import annotations

from glassloop.editor.document import Document
from glassloop.events import definition
from glassloop.rules import all_rules


def page(document: Document, line: int) -> str:
    """Markdown for a line (from 1) that causes events; "" for others."""
    parts = []
    for event in document.events(line):
        if event.kind in ("opaque", "end"):
            continue
        heard = [rule for rule in all_rules() if event.kind in rule.hears and not rule.card.asked]
        breaks = "\n".join(f"- `{rule.name}`: {rule.card.what}" for rule in heard)
        what = f"**{event.kind}**: {definition(event.kind)}"
        parts.append(f"{what}\n\nWhat can break here:\n\n{breaks}" if heard else what)
    return "\n\n---\n\n".join(parts)
