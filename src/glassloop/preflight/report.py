"""What a preflight has to say: a verdict for each check, with the facts it rests on and what to do."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass, field
from typing import Any, Literal

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

Verdict = Literal["pass", "warn", "fail", "not-applicable"]
_COLOURS = {"pass": "green", "warn": "bold yellow", "fail": "bold red", "not-applicable": "dim"}


@dataclass(frozen=True)
class Check:
    """One check: its name, the verdict, one sentence that says why, the numbers behind it, and the remedy ("" if none)."""

    name: str
    verdict: Verdict
    says: str
    facts: dict[str, Any] = field(default_factory=dict)
    remedy: str = ""

    def as_json(self) -> dict[str, Any]:
        """The check as an object of plain values."""
        return {
            "name": self.name, "verdict": self.verdict, "says": self.says, "facts": self.facts, "remedy": self.remedy,
        }  # fmt: skip


@dataclass(frozen=True)
class Report:
    """All checks of a preflight. `print(report)` shows a table; `ok` says that none has failed."""

    checks: tuple[Check, ...]
    batch: str  # shapes and types of the batch that was tried

    @property
    def ok(self) -> bool:
        """Whether no check failed; a warning is no failure."""
        return all(check.verdict != "fail" for check in self.checks)

    def __getitem__(self, name: str) -> Check:
        """The check of that name. Raises KeyError where there is none."""
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(name)

    def as_json(self) -> dict[str, Any]:
        """`{"ok": …, "batch": …, "checks": […]}`, plain values throughout."""
        return {"ok": self.ok, "batch": self.batch, "checks": [check.as_json() for check in self.checks]}

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = Table(title=f"preflight on {self.batch}", title_justify="left", title_style="bold", box=None, pad_edge=False)
        for column in ("check", "verdict", "why, and what to do"):
            table.add_column(column, no_wrap=column != "why, and what to do", overflow="fold")
        for check in self.checks:
            why = Text(check.says)
            if check.remedy and check.verdict in ("warn", "fail"):
                why.append(f"\n{check.remedy}", "italic")
            verdict = "n/a" if check.verdict == "not-applicable" else check.verdict
            table.add_row(check.name, Text(verdict, _COLOURS[check.verdict]), why)
        yield table

    def __str__(self) -> str:
        """The table, in colour where stdout is a terminal."""
        terminal = Console(file=sys.stdout)
        text = io.StringIO()
        width = terminal.width if terminal.is_terminal else 120
        Console(file=text, width=width, force_terminal=terminal.is_terminal, highlight=False).print(self)
        return text.getvalue().rstrip("\n")


def named(names: list[str], most: int = 4) -> str:
    """A list of names in a sentence: the first few, and how many more."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def short(number: float) -> str:
    """A number with four digits."""
    return f"{number:.4g}"
