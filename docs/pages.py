"""Writes docs/rules/ (a page a rule, and their index), docs/events.md and docs/coming-from.md from what they tell of.

    python docs/pages.py            # `make pages`; a test says when they are out of date
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from glassloop.events import KINDS, definition
from glassloop.rules import Rule, all_rules

DOCS = Path(__file__).parent
MEASURED = DOCS.parent / "bench" / "results" / "lab.json"
LOOP = DOCS.parent / "src" / "glassloop" / "loops" / "production"
COMING = """# Coming from elsewhere

Where the arguments of a Trainer have gone: each is a line of [train.py](../src/glassloop/loops/production/train.py), which
is yours to read and to change, or a flag in front of it; or it is not there, and then the last column says what stands in
for it.

The other way is open, too: [lightning_digits.py](coming_from/lightning_digits.py) and
[accelerate_digits.py](coming_from/accelerate_digits.py) are the same training under Lightning and Accelerate. Two epochs
of each have the same loss, gradient norm and learning rate at each of the 46 steps, bit for bit, as the loop's own: a test
runs all three recorded and compares their ledgers.

*Made from coming_from/arguments.toml by `make pages`.*"""
EARS = {"text": "reading (`glassloop check`)", "run": "running (`glassloop run`, `watch()`)"}


def pages() -> dict[Path, str]:
    """Every page by its path."""
    measured = _measured()
    found = {DOCS / "rules" / f"{rule.name}.md": rule_page(rule, measured.get(rule.name, [])) for rule in all_rules()}
    found[DOCS / "rules" / "README.md"] = index()
    found[DOCS / "events.md"] = events_page()
    found[DOCS / "coming-from.md"] = coming_from()
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


def coming_from() -> str:
    """What of the production loop does what an argument elsewhere does, and back."""
    found = tomllib.loads((DOCS / "coming_from" / "arguments.toml").read_text(encoding="utf-8"))
    lines, others = found.pop("lines"), found
    train = (LOOP / "train.py").read_text(encoding="utf-8").splitlines()
    parts = [COMING]
    back: dict[str, dict[str, list[str]]] = {name: {} for name in lines}
    for framework, told in others.items():
        rows = []
        for argument, where in told["arguments"].items():
            name, word = (where, "") if isinstance(where, str) else where
            flags = "" if word else " ".join(f"`{flag}`" for flag in lines[name][1].split())
            if name:
                back[name].setdefault(framework, []).append(f"`{argument}`")
            rows.append(f"| `{argument}` | {flags} | {_at(lines, name, train)} | {word} |")
        head = f"## {told['title']}\n\n| argument | flag | line of train.py | |\n|---|---|---|---|\n"
        parts.append(head + "\n".join(rows))
    heads = " | ".join(told["title"].partition(":")[0] for told in others.values())
    rows = [
        f"| {_at(lines, name, train)} | {lines[name][2]} | {' | '.join(', '.join(names.get(f, [])) for f in others)} |"
        for name, names in back.items()
    ]
    head = f"## And back: the lines\n\n| line | what it is | {heads} |\n|---|---|{'---|' * len(others)}\n"
    parts.append(head + "\n".join(rows))
    return "\n\n".join(parts) + "\n"


def _at(lines: dict[str, list[str]], name: str, train: list[str]) -> str:
    """A line's number, linked, and its text."""
    if not name:
        return ""
    number = max(at for at, line in enumerate(train, 1) if lines[name][0] in line)  # training's, after the evaluation's
    return f"[{number}](../src/glassloop/loops/production/train.py#L{number}) `{lines[name][0]}`"


if __name__ == "__main__":
    (DOCS / "rules").mkdir(exist_ok=True)
    made = pages()
    for old in (DOCS / "rules").glob("*.md"):
        if old not in made:
            old.unlink()
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
