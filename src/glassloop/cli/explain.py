"""`glassloop explain`: the page of a rule or of an event."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from glassloop.errors import UserError, meant

if TYPE_CHECKING:
    from glassloop.rules import Rule


def explain(
    name: Annotated[str, typer.Argument(help="A rule (zero-grad-missing) or an event (backward); none: list them.")] = "",
) -> None:
    """Say what a rule or an event is, why it matters, when it is intended, and how to mend it; without a name, list them.

    Example: glassloop explain zero-grad-missing
    """
    from glassloop.events import KINDS
    from glassloop.rules import all_rules

    page = page_of(name) if name else index()
    if page is None:
        rules = sorted(rule.name for rule in all_rules())
        known = f"rules: {', '.join(rules)}; events: {', '.join(KINDS)}"
        raise UserError(f"neither a rule nor an event is called {name}; {meant(name, [*rules, *KINDS])}{known}")
    print(page)


ABOUT = {
    "optimizer": "Gradients and steps",
    "scaler": "Mixed precision",
    "scheduler": "Schedules",
    "model": "Models and modes",
    "loader": "Loaders",
    "sampler": "Samplers",
    "program": "The whole program",
}


def index() -> str:
    """All rules, by what they follow, and all events: a line each."""
    from glassloop.events import KINDS, definition
    from glassloop.rules import all_rules

    rules = all_rules()
    width = max(len(name) for name in (*(rule.name for rule in rules), *KINDS))
    lines: list[str] = []
    for key, title in ABOUT.items():
        lines += ["", title]
        for rule in (rule for rule in rules if rule.key == key):
            where = " (heard in runs only)" if rule.card.only_run else " (off by default)" if rule.card.asked else ""
            lines.append(f"  {rule.name:{width}}  {rule.card.severity.value:8} {_brief(rule.card.what)}{where}")
    lines += ["", "Events", *(f"  {kind:{width}}  {_brief(definition(kind))}" for kind in KINDS)]
    return "\n".join(lines[1:])


def _brief(text: str) -> str:
    return textwrap.shorten(text, 90, placeholder=" …")


def page_of(name: str, examples: bool = True) -> str | None:
    """The page of a rule (with or without its `examples`) or of an event; None where nothing is called `name`."""
    from glassloop.events import KINDS
    from glassloop.rules import all_rules

    rules = {rule.name: rule for rule in all_rules()}
    if name in rules:
        return _rule_page(rules[name], examples)
    return _event_page(name) if name in KINDS else None


def _rule_page(rule: Rule, examples: bool) -> str:
    card = rule.card
    found = ", found while the loop runs (glassloop run, watch)" if card.only_run else ""
    parts = [
        f"{rule.name} ({card.severity.value}){found}" + (f", off by default: --select {rule.name}" if card.asked else ""),
        _paragraph("What it is", card.what),
        _paragraph("Why it hurts", card.why),
        _paragraph("When it is intended", card.intended),
        _paragraph("How to mend it", card.fix),
        *(("Wrong:\n" + _indented(rule.shown), "Right:\n" + _indented(rule.good)) if examples else ()),
        f"To set one finding aside, write on its line:  # glassloop: ignore[{rule.name}]",
    ]
    return "\n\n".join(parts)


def _indented(text: str) -> str:
    return textwrap.indent(text.rstrip(), "    ")


def _paragraph(title: str, text: str) -> str:
    return f"{title}:\n" + textwrap.indent(textwrap.fill(text, 96), "    ")


def _event_page(kind: str) -> str:
    from glassloop.events import definition
    from glassloop.rules import all_rules

    heard = [rule.name for rule in all_rules() if kind in rule.hears]
    fires = _paragraph("When it fires", definition(kind))
    return f"{kind} (event)\n\n{fires}\n\nHeard by: {', '.join(heard) or 'no rule yet'}"
