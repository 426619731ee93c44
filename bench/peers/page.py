"""Writes docs/peers.md from what bench/peers_watch.py measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[2] / "docs" / "peers.md"
ORDER = ("glassloop", "torch_audit", "torchtest2", "torcheck", "guardtower", "pulsegrad", "traincheck")

HEAD = """\
# Watching a training: the other tools, on the same mistakes

Written by `python bench/peers_watch.py --venvs DIR`; its record is `bench/results/peers_watch.json`.

{mistakes} mistakes, each an edit of a right script (`bench/peers/digits.py`: digits, 1,200 scans, about 100 steps), and
{right} right scripts, among them some that look as if something were wrong. Each tool is used as its README says
(`bench/peers/NAME.py`).

- **Found**: the tool says something, at warning level or above, that it does not say of the mistake's right twin. A symptom
  counts: nobody asks whether it names the cause. For glassloop the number whose cause is named, too, is given.
- **False alarms**: right scripts of which it says anything at warning level or above.
- **Lines**: what a user adds to the script, imports among them.
- **Cost**: CPU time of the training loop, attached to bare, median of turns (a step of this script takes about 0.7 ms, so
  that every hook shows; with larger models the ratio falls); and the seconds that go by before the loop begins.

The mistakes were chosen by us: those that our rules are about, and those that the other tools' own pages show. A tool that
looks at one batch before the training cannot see what goes wrong in a loop that it never meets, and does not claim to.
"""


def text(told: dict[str, Any]) -> str:
    """The page, from the record."""
    names = [name for name in ORDER if name in told["tools"]]
    head = HEAD.format(mistakes=len(told["mistakes"]), right=len(told["right"]))
    parts = [head, _sums(told, names), _each(told, names), _right(told, names), _notes(told, names)]
    return "\n".join(parts)


def news(tool: dict[str, Any], mistake: str, of: str, kind: str = "said") -> list[str]:
    """The ids of what a tool says of the mistake and not of its right twin."""
    said = tool.get(kind, {})
    return sorted(set(said.get(mistake, {})) - set(said.get(f"right: {of}", {})))


def _row(*cells: object) -> str:
    return "| " + " | ".join(map(str, cells)) + " |\n"


def _sums(told: dict[str, Any], names: list[str]) -> str:
    text = "## The sums\n\n" + _row("tool", "version", "found", "false alarms", "lines", "cost of the loop", "before it")
    text += _row(*["---"] * 7)
    for name in names:
        tool = told["tools"][name]
        if "not_installed" in tool:
            text += _row(name, tool["version"], "does not install: " + tool["not_installed"], "", "", "", "")
            continue
        judged = [m for m in told["mistakes"] if m in tool.get("judged", told["mistakes"])]
        rights = [r for r in told["right"] if f"right: {r}" in tool.get("judged", tool["said"])]
        found = sum(bool(news(tool, m, told["mistakes"][m]["of"])) for m in judged)
        alarms = sum(bool(tool["said"].get(f"right: {r}")) for r in rights)
        text += _row(
            name,
            tool["version"],
            f"{found} of {len(judged)}",
            f"{alarms} of {len(rights)}",
            tool["lines"],
            *_cost(tool),
        )
    if "glassloop" not in names:
        return text
    ours = told["tools"]["glassloop"]
    named = sum(about["rule"] in news(ours, m, about["of"]) for m, about in told["mistakes"].items())
    known = sum(about["rule"] is not None for about in told["mistakes"].values())
    read = sum(bool(news(ours, m, about["of"], "check")) for m, about in told["mistakes"].items())
    heard_or_read = sum(bool(news(ours, m, a["of"]) or news(ours, m, a["of"], "check")) for m, a in told["mistakes"].items())
    wrong = sum(bool(ours["check"].get(f"right: {name}")) for name in told["right"])
    return text + (
        f"\nOf the {known} mistakes that a rule of ours is about, `glassloop run` names {named}. "
        f"`glassloop check`, which runs nothing, speaks of {read} of all, with {wrong} false alarms; "
        f"the two together of {heard_or_read}.\n"
    )


def _cost(tool: dict[str, Any]) -> tuple[str, str]:
    if tool.get("slowdown") is None:
        return "not measured" if "judged" in tool else "it stops the right script", ""
    low, high = tool["slowdown_spread"]
    return f"{tool['slowdown']} ({low} to {high})", f"{tool['set_up_s']} s"


def _each(told: dict[str, Any], names: list[str]) -> str:
    text = (
        "## Each mistake\n\nA dot: nothing said that is not said of the right twin, too. *check* is `glassloop check`.\n\n"
    )
    text += _row("mistake", *names, "check") + _row(*["---"] * (len(names) + 2))
    for mistake, about in told["mistakes"].items():
        cells = [_cell(told["tools"][name], mistake, about["of"]) for name in names]
        text += _row(mistake, *cells, ", ".join(news(told["tools"]["glassloop"], mistake, about["of"], "check")) or "·")
    return text


def _cell(tool: dict[str, Any], mistake: str, of: str) -> str:
    if mistake not in tool.get("judged", [mistake]):
        return "not tried"
    found = news(tool, mistake, of)
    return f"{len(found)} invariants" if found and tool.get("many") else ", ".join(found) or "·"


def _right(told: dict[str, Any], names: list[str]) -> str:
    text = "## What is said of right scripts\n\n" + _row("right script", *names) + _row(*["---"] * (len(names) + 1))
    for right in told["right"]:
        text += _row(right, *[_said(told["tools"][name], f"right: {right}") for name in names])
    return text


def _said(tool: dict[str, Any], key: str) -> str:
    said = tool.get("said", {}).get(key, {})
    if key not in tool.get("judged", [key]):
        return "not tried"
    return f"{len(said)} invariants" if said and tool.get("many") else ", ".join(sorted(said)) or "·"


def _notes(told: dict[str, Any], names: list[str]) -> str:
    text = "## Notes\n\n"
    for name in names:
        tool = told["tools"][name]
        notes = [
            tool.get("unlike"),
            tool.get("no_deps") and f"installed without what it asks for: {tool['no_deps']}",
            tool.get("note"),
        ]
        text += "".join(f"- {name}: {note}.\n" for note in notes if note)
    alone = [
        f"{mistake} ({', '.join(others)})"
        for mistake, about in told["mistakes"].items()
        if not news(told["tools"]["glassloop"], mistake, about["of"])
        and (others := [n for n in names if n != "glassloop" and news(told["tools"][n], mistake, about["of"])])
    ]
    text += "- Said by others and not by `glassloop run`: " + ("; ".join(alone) or "nothing of these") + ".\n"
    nobody = [m for m, about in told["mistakes"].items() if not any(news(told["tools"][n], m, about["of"]) for n in names)]
    text += "- Said by nobody: " + ("; ".join(nobody) or "nothing of these") + ".\n"
    dates = sorted(
        {
            f"{t['conditions']['date']}, torch {t['conditions']['torch']}, Python {t['conditions']['python']}, "
            f"{t['conditions']['cores']} cores"
            for t in told["tools"].values()
        }
    )
    return text + "- Measured: " + "; ".join(dates) + ", one thread, CPU.\n"
