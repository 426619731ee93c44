"""`glassloop explain`: the page of a rule or of an event."""

from __future__ import annotations

import textwrap
from typing import Annotated

import typer

from glassloop.errors import UserError


def explain(
    name: Annotated[str, typer.Argument(help="A rule (zero-grad-missing) or an event (backward).")],
) -> None:
    """Say what a rule or an event is, why it matters, when it is intended, and how to mend it.

    Example: glassloop explain zero-grad-missing
    """
    from glassloop.events import KINDS
    from glassloop.rules import all_rules

    rules = {rule.name: rule for rule in all_rules()}
    if name in rules:
        print(_rule_page(rules[name]))
    elif name in KINDS:
        print(_event_page(name))
    else:
        known = f"rules: {', '.join(sorted(rules))}; events: {', '.join(KINDS)}"
        raise UserError(f"neither a rule nor an event is called {name}; {known}")


def _rule_page(rule: object) -> str:
    from glassloop.rules import Rule

    assert isinstance(rule, Rule)
    card = rule.card
    parts = [
        f"{rule.name} ({card.severity.value})" + (f", off by default: --select {rule.name}" if card.asked else ""),
        _paragraph("What it is", card.what),
        _paragraph("Why it hurts", card.why),
        _paragraph("When it is intended", card.intended),
        _paragraph("How to mend it", card.fix),
        "Wrong:\n" + textwrap.indent(rule.bad.rstrip(), "    "),
        "Right:\n" + textwrap.indent(rule.good.rstrip(), "    "),
        f"To set one finding aside, write on its line:  # glassloop: ignore[{rule.name}]",
    ]
    return "\n\n".join(parts)


def _paragraph(title: str, text: str) -> str:
    return f"{title}:\n" + textwrap.indent(textwrap.fill(text, 96), "    ")


def _event_page(kind: str) -> str:
    from glassloop.events import definition
    from glassloop.rules import all_rules

    heard = [rule.name for rule in all_rules() if kind in rule.hears]
    fires = _paragraph("When it fires", definition(kind))
    return f"{kind} (event)\n\n{fires}\n\nHeard by: {', '.join(heard) or 'no rule yet'}"
