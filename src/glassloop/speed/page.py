"""The table for people: as text for a terminal, as Markdown for a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from glassloop.speed.catalogue import STANDARD
from glassloop.speed.figures import over_tasks
from glassloop.speed.verdicts import NOT_MEASURED, conditions, tasks_in, verdicts

HEAD = ("technique", "ms an epoch", "samples/s", "times the speed", "95 %", "of CPU time", "peak MiB", "said of a GPU")


def text(found: Mapping[str, Any]) -> str:
    """Columns, for a terminal."""
    lines = []
    for name, does, task in tasks_in(found):
        rows = [HEAD, *_cells(task)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
        lines += ["", f"{name}: {does}"]
        for row in rows:
            first, *others = (
                cell.ljust(w) if n == 0 else cell.rjust(w) for n, (cell, w) in enumerate(zip(row, widths, strict=True))
            )
            lines.append("  " + "  ".join((first, *others)))
        lines += [f"  best found: {note}" for note in task["notes"]]
    lines += ["", *_ends(found)]
    return "\n".join(lines[1:]) + "\n"


def markdown(found: Mapping[str, Any], title: str = "# Techniques, measured\n\n") -> str:
    """Tables of a page; with another title, of a part of one."""
    lines = []
    for name, does, task in tasks_in(found):
        lines += [
            f"### {name}",
            "",
            f"{does[0].upper()}{does[1:]}.",
            "",
            _bar(HEAD),
            _bar(("---", *["--:"] * (len(HEAD) - 1))),
        ]
        lines += [_bar(row) for row in _cells(task)]
        lines += ["", *(f"- best found: {note}" for note in task["notes"]), ""]
    lines += ["### What holds here", "", *(f"- {line}" for line in _ends(found))]
    return title + "\n".join(lines) + "\n"


def _bar(cells: Any) -> str:
    return "| " + " | ".join(cells) + " |"


def _cells(task: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, row in task["rows"].items():
        popular, memory = row["popular_on_a_gpu"], row["memory_mib"]["peak"]
        said = f"{popular['speed']}" if popular["speed"] else "1" if name == STANDARD else ""
        said += f", memory {popular['memory'] - 1:+.0%}" if popular["memory"] else ""
        low, high = row.get("interval", (None, None))
        yield (
            row["title"],
            f"{1e3 * row['seconds_an_epoch']:,.1f}",
            f"{row['samples_a_second']:,.0f}",
            _number(row.get("ratio")),
            "" if low is None or name == STANDARD else f"{low:.2f} to {high:.2f}",
            _number(row.get("cpu_ratio")),
            "" if memory is None else f"{memory:,.0f}",
            said,
        )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _ends(found: Mapping[str, Any]) -> Iterator[str]:
    yield from verdicts(found)
    for name in ("tuned", "best"):
        over = over_tasks(found["tasks"], name)
        if over and over["tasks"] > 1:
            low, high = over["interval"]
            title = "tuned loop" if name == "tuned" else "best found"
            yield (
                f"{title} over {over['tasks']} tasks: {over['geometric_mean']:.2f} times the standard loop's speed"
                f" ({low:.2f} to {high:.2f}), at least {over['least']:.2f}"
            )
    yield f"Conditions: {conditions(found)}."
    if found["conditions"]["device"] == "cpu":
        yield f"{NOT_MEASURED[0].upper()}{NOT_MEASURED[1:]}."
