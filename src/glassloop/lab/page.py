"""The page of the lab's results: the classic table, then every experiment with its sentences and conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from glassloop.lab.classic import TABLE
from glassloop.rules import all_rules

Rows = Sequence[Mapping[str, Any]]
HEAD = """\
# Where the order really matters

Each line was run: the right loop, and the loop with that one mistake, on real data, side by side. The word in bold is what
somebody notices who only looks at the screen: it **raises**, it **warns**, the result is visibly **worse** (accuracy on
held-out data lower by 0.05, or where none is measured a loss 1.25 times as high), it is **silent** (the result looks as good
or better, and yet the update, the rate, the memory or the weights are others), or it is the **same**, bit for bit.

This page is written from `bench/results/lab.json` by `bench/lab.py`. CI runs every experiment again and fails when a
sentence or a verdict is no longer true. Run one yourself: `glassloop lab zero-grad-missing`; break your own loop:
`glassloop lab train.py --line 41 --move down`.

"""


def page(rows: Rows) -> str:
    """The page, as Markdown, of the objects that `lab --all --format json` lists."""
    by_name = {name: list(cases) for name, cases in groupby(rows, key=lambda row: row["rule"])}
    parts = [HEAD, _conditions(rows), _classic(by_name), _silent(rows)]
    parts += [_experiment(name, cases) for name, cases in by_name.items()]
    return "".join(parts)


def _conditions(rows: Rows) -> str:
    torch = ", ".join(sorted({row["conditions"]["torch"] for row in rows}))
    return f"Conditions: torch {torch}, float32 on the CPU, one thread, real data; numbers are those of the first seed.\n\n"


def _classic(by_name: Mapping[str, Rows]) -> str:
    lines = ["## The classic table\n", "| what is told | is it so? | what the run shows | verdicts |", "|---|---|---|---|"]
    for line in TABLE:
        if line.name in by_name:
            seen = "; ".join(f"{row['case']}: **{row['verdict']}**" for row in by_name[line.name])
            lines.append(f"| {line.told} | {line.verdict} | {line.found} | [{seen}](#{line.name}) |")
    return "\n".join(lines) + "\n\n"


def _silent(rows: Rows) -> str:
    counts = {word: sum(row["verdict"] == word for row in rows) for word in ("raises", "warns", "worse", "silent", "same")}
    told = ", ".join(f"{count} {word}" for word, count in counts.items())
    return f"Of {len(rows)} cases of {len({row['rule'] for row in rows})} experiments: {told}.\n\n"


def _experiment(name: str, rows: Rows) -> str:
    card = {rule.name: rule.card.what for rule in all_rules()}.get(name, "")
    told = {line.name: line.told for line in TABLE}.get(name, "")
    lines = [f"## {name}\n", f"{card or told + ', it is told.'}\n"]
    for row in rows:
        conditions = row["conditions"]
        settings = ", ".join(f"{key}={value}" for key, value in conditions["settings"].items())
        seeds = ", ".join(map(str, conditions["seeds"]))
        lines.append(f"- *{row['case']}*: **{row['verdict']}**. {row['says']}")
        lines.append(f"  <br>`lab/loops/{conditions['loop']}.py`{', ' + settings if settings else ''}; seeds {seeds}")
    return "\n".join(lines) + "\n\n"
