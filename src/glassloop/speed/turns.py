"""Runs the rows of the table: a process each, which take turns in an order that is shuffled anew in each block."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassloop.errors import UserError
from glassloop.speed.catalogue import BEST, TECHNIQUES, Settings, Task

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How it is measured. A block is one turn of each row."""

    tasks: Sequence[str]
    techniques: Sequence[str]
    threads: int  # of torch, in every row of a task; 0: as a trial finds quickest, 1 or all cores
    blocks: int
    epochs: int  # of the run over which set-up is spread
    device: str
    quick: bool = False  # turns of a quarter of the usual length


class Row:
    """A process with one row in it, standing still unless it has its turn."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self.name = f"{asked['task']}, {asked.get('technique', asked['do'])}"
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `close`
        variables = {name: str(asked["threads"]) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "glassloop.speed.child", json.dumps(asked)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True, env=os.environ | variables,
        )  # fmt: skip
        self.begun = self.answer()

    def answer(self) -> dict[str, Any]:
        """The next line it says. Raises UserError where it ended instead."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.errors.seek(0)
            said = self.errors.read().decode(errors="replace").strip().splitlines() or ["it said nothing"]
            self.close()
            raise UserError(f"{self.name}: the process that measures it ended early: {said[-1]}")
        said_object: dict[str, Any] = json.loads(line)
        return said_object

    def turn(self, word: str = "go") -> dict[str, Any]:
        """One turn, or "end"."""
        assert self.process.stdin
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self) -> None:
        """End the process, if it has not ended."""
        self.process.kill()
        self.process.wait()  # and not for the end of its output, which workers of a killed process hold for seconds
        for file in (self.process.stdin, self.process.stdout, self.errors):
            if file:
                file.close()


def measure(task: Task, plan: Plan, say: Say, chance: random.Random) -> dict[str, Any]:
    """The turns of each row of a task: `{"rows": {name: {...}}, "settings": ..., "notes": [...]}`."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        threads = plan.threads or default_threads()
        common: dict[str, Any] = {"task": task.name, "folder": folder, "threads": threads}
        common |= {"device": plan.device, "epochs": plan.epochs}
        common["epochs_a_turn"] = max(round(task.epochs_a_turn * (0.25 if plan.quick else 1)), 1)
        settings = Settings(threads=threads, draft=task.samples == "files").as_json()

        def start(**more: Any) -> Row:
            row = Row(common | {"settings": settings} | more)
            stack.callback(row.close)
            return row

        if task.samples == "files":
            say(f"{task.name}: rendering files")
            start(do="prepare").close()
        chosen: dict[str, Any] = {"settings": settings, "notes": []}
        if BEST in plan.techniques or not plan.threads:
            say(f"{task.name}: trying settings")
            chosen = start(do="choose", choose_threads=not plan.threads).begun
        # As many threads in every row: the table is about techniques, and two threads on a busy machine would be its winner.
        common["threads"] = settings["threads"] = chosen["settings"]["threads"]
        rows = {}
        for name in plan.techniques:  # one after the other: starting is not measured, and two at once would only fight
            say(f"{task.name}: starting {TECHNIQUES[name].title}")
            rows[name] = start(do="train", technique=name, settings=chosen["settings"] if name == BEST else settings)
        turns: dict[str, list[dict[str, Any]]] = {name: [] for name in rows}
        for block in range(plan.blocks):
            say(f"{task.name}: block {block + 1} of {plan.blocks}")
            for name in chance.sample(list(rows), len(rows)):
                turns[name].append(rows[name].turn())
        figures = {name: row.begun | {"turns": turns[name], "memory": row.turn("end")} for name, row in rows.items()}
        return chosen | {"rows": figures}


def default_threads() -> int:
    """What torch takes by itself: the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def surroundings() -> dict[str, Any]:
    """What the figures hold for: machine and versions, and the device that is there ("cuda", "cpu").

    Asked of a process of its own, which loads torch. Raises UserError where it is not installed.
    """
    code = "import json, torch; from glassloop.record.machine import describe_machine; print(json.dumps(describe_machine()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if done.returncode:
        raise UserError("bench needs torch and what the loops stand on: pip install 'glassloop[train]'")
    machine = json.loads(done.stdout.splitlines()[-1])
    kept = {name: machine[name] for name in ("python", "platform", "hardware", "torch")}
    kept["bf16_instructions"] = _has_bf16()
    return {"machine": kept, "device": "cuda" if machine["torch"]["gpus"] else "cpu"}


def _has_bf16() -> bool | None:
    """Whether the processor multiplies bf16 by itself; None where the system does not say."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return any(name in flags for name in ("avx512_bf16", "amx_bf16", " bf16"))
