"""Writes docs/rules/ (a page a rule, and their index) and docs/events.md from the rules and the words themselves.

    python docs/pages.py            # `make pages`; a test says when they are out of date
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from glassloop.events import KINDS, definition
from glassloop.rules import Rule, all_rules

DOCS = Path(__file__).parent
MEASURED = DOCS.parent / "bench" / "results" / "lab.json"
EARS = {"text": "reading (`glassloop check`)", "run": "running (`glassloop run`, `watch()`)"}


def pages() -> dict[Path, str]:
    """Every page by its path."""
    measured = _measured()
    found = {DOCS / "rules" / f"{rule.name}.md": rule_page(rule, measured.get(rule.name, [])) for rule in all_rules()}
    found[DOCS / "rules" / "README.md"] = index()
    found[DOCS / "events.md"] = events_page()
    return found


def _measured() -> dict[str, list[dict[str, Any]]]:
    rows = json.loads(MEASURED.read_text(encoding="utf-8"))["rows"] if MEASURED.exists() else []
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["rule"], []).append(row)
    return found


def _ears(rule: Rule) -> list[str]:
    return ["text"] * (not rule.card.only_run) + ["run"] * (not rule.card.only_read)


def rule_page(rule: Rule, measured: list[dict[str, Any]]) -> str:
    """The page of one rule."""
    card = rule.card
    seen_by = " and ".join(EARS[ear] for ear in _ears(rule))
    fix = "`--fix` makes it, where the text allows it to be tried" if card.safe else "by hand, or see `--unsafe-fixes`"
    cases = [f"- *{row['case']}* ({row['verdict']}): {row['says']}" for row in measured]
    asked = f"\nOff by default: `--select {rule.name}` asks for it.\n" if card.asked else ""
    parts = [
        f"# {rule.name}",
        f"Severity: {card.severity.value}. Found by {seen_by}.{asked}",
        f"**What it is.** {card.what}",
        f"**Why it hurts.** {card.why}",
        f"**When it is intended.** {card.intended}",
        f"**How to mend it** ({fix}). {card.fix}",
        *(["## Measured", "\n".join(cases), f"`glassloop lab {rule.name}` runs it again."] if cases else []),
        f"## Wrong\n\n```python\n{rule.shown.rstrip()}\n```",
        f"## Right\n\n```python\n{rule.good.rstrip()}\n```",
        f"Set one finding aside with a comment on its line: `# glassloop: ignore[{rule.name}]`.",
        "*Made from the rule's own file by docs/pages.py.*",
    ]
    return "\n\n".join(parts) + "\n"


def index() -> str:
    """All rules in a table."""
    rows = [
        f"| [{rule.name}]({rule.name}.md) | {rule.card.severity.value}{', off' if rule.card.asked else ''} "
        f"| {', '.join(_ears(rule))} | {'yes' if rule.card.safe else ''} | {rule.card.what} |"
        for rule in all_rules()
    ]
    head = "# Rules\n\n`text`: found by reading; `run`: found while the loop runs; `--fix`: mended by the checker.\n\n"
    return head + "| rule | severity | seen in | `--fix` | what |\n|---|---|---|---|---|\n" + "\n".join(rows) + "\n"


def events_page() -> str:
    """The words, and who hears them."""
    parts = ["# Events\n\nWhat a training loop does, one event at a time; both ears speak these words.\n"]
    for kind in KINDS:
        heard = [f"[{rule.name}](rules/{rule.name}.md)" for rule in all_rules() if kind in rule.hears]
        parts.append(f"**{kind}**: {definition(kind)}" + (f". Heard by {', '.join(heard)}." if heard else "."))
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    (DOCS / "rules").mkdir(exist_ok=True)
    made = pages()
    for old in (DOCS / "rules").glob("*.md"):
        if old not in made:
            old.unlink()
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
