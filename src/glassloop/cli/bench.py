"""`glassloop bench`: what each popular way to train faster does on this machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glassloop.errors import UserError

if TYPE_CHECKING:
    from glassloop.speed.turns import Plan


class Format(str, Enum):
    """How the table is printed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class Name(str, Enum):
    """The tasks."""

    DIGITS_MLP = "digits-mlp"
    DIGITS_CNN = "digits-cnn"
    CHAR_GPT = "char-gpt"
    JPEG_LIGHT = "jpeg-light"
    JPEG_HEAVY = "jpeg-heavy"
    ALL = "all"


def bench(
    task: Annotated[Name, typer.Option("--task", help="What is trained.")] = Name.ALL,
    technique: Annotated[
        list[str] | None, typer.Option("--technique", help="Only these rows, beside the standard loop; may be repeated.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer and shorter turns: a look, no measurement.")] = False,
    threads: Annotated[
        int, typer.Option("--threads", min=0, help="Of torch, in every row; 0: one or all cores, as a trial finds quicker.")
    ] = 0,
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="Of the run over which set-up is spread.")] = 10,
    blocks: Annotated[int, typer.Option("--blocks", min=0, help="Turns of each row; 0: 7, or 3 with --quick.")] = 0,
    format: Annotated[
        Format, typer.Option("--format", help="text for people, json for scripts, a markdown page.")
    ] = Format.TEXT,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Write to this file, and a picture (.png) beside it.", show_default=False),
    ] = None,
) -> None:
    """Measure techniques: a standard loop beside accumulation, AMP, workers, clipping, all of them, and a tuned loop.

    Each row trains in a process of its own, with the same samples in the same order; rows take turns in shuffled order, and
    a ratio is of two turns of one block. All five tasks take about ten minutes.

    Example: glassloop bench --task digits-mlp

    Example: glassloop bench --format markdown -o techniques.md
    """
    from glassloop.speed.catalogue import STANDARD, TASKS, TECHNIQUES
    from glassloop.speed.turns import Plan, surroundings

    rows = list(dict.fromkeys([STANDARD, *(technique or TECHNIQUES)]))
    for name in rows:
        if name not in TECHNIQUES:
            raise UserError(f"no technique is called {name}; there are: {', '.join(TECHNIQUES)}")
    if output is not None and not output.parent.is_dir():
        raise UserError(f"{output.parent} is no folder; make it first, or write elsewhere")
    tasks = list(TASKS) if task is Name.ALL else [task.value]
    around = surroundings()
    plan = Plan(tasks, rows, threads, blocks or (3 if quick else 7), epochs, around["device"], quick)
    found = _measured(plan, around)
    _write(found, format, output)


def _measured(plan: Plan, around: dict[str, Any]) -> dict[str, Any]:
    """Run it, saying on stderr what goes on."""
    import os
    import random

    from rich.console import Console

    from glassloop.speed.catalogue import BATCH, TASKS
    from glassloop.speed.figures import over_tasks, summary
    from glassloop.speed.turns import measure

    chance = random.Random(0)
    loads, tasks = [_load()], {}
    terminal = Console(stderr=True)
    with terminal.status("starting") as status:
        for name in plan.tasks:
            say = status.update if sys.stderr.isatty() else lambda _words: None
            measured = measure(TASKS[name], plan, say, chance)
            rows = summary(measured, plan.epochs)
            tasks[name] = {"settings": measured["settings"], "notes": measured["notes"], "rows": rows}
            loads.append(_load())
    conditions = around | {
        "device": plan.device, "batch": BATCH, "blocks": plan.blocks, "epochs": plan.epochs, "quick": plan.quick,
        "cores": os.cpu_count(), "load": loads, "gpu": "not measured" if plan.device == "cpu" else "measured",
    }  # fmt: skip
    over = {name: over_tasks(tasks, name) for name in plan.techniques}
    return {"conditions": conditions, "tasks": tasks, "over_tasks": over}


def _load() -> float:
    import os

    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else 0.0


def _write(found: Mapping[str, Any], format: Format, output: Path | None) -> None:
    """To stdout; or to a file, with a picture beside it."""
    from glassloop.record.files import write_atomic
    from glassloop.speed import page, picture

    if format is Format.JSON:
        written = json.dumps(found, indent=1, allow_nan=False) + "\n"
    else:
        written = page.text(found) if format is Format.TEXT else page.markdown(found)
    if output is None:
        print(written, end="")
        return
    picture_only = output.suffix in (".png", ".svg")
    if picture_only:
        print(written, end="")
    else:
        write_atomic(output, written)
        print(f"wrote {output}")
    path = output if picture_only else output.with_suffix(".png")
    if picture.draw(found, path):
        print(f"wrote {path}", file=sys.stderr if picture_only else sys.stdout)
    else:
        print("no picture: pip install matplotlib", file=sys.stderr)
