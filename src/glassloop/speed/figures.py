"""What the turns say: medians, ratios to the standard loop's turn of the same block, bootstrap intervals."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from glassloop.speed.catalogue import STANDARD, TECHNIQUES

DRAWS = 2000
INTERVAL = 0.95


def summary(measured: Mapping[str, Any], epochs: int) -> dict[str, Any]:
    """The rows of a task with their figures.

    `ratio` is the time of a run of `epochs` epochs, set-up included, of the standard loop by that of the row: above 1
    is quicker. `steady` leaves the set-up out, `cpu_ratio` is of processor time, `memory_ratio` of what came above torch.
    """
    rows = measured["rows"]
    return {name: _row(row, rows.get(STANDARD), epochs, TECHNIQUES[name]) for name, row in rows.items()}


def _row(row: Mapping[str, Any], base: Mapping[str, Any] | None, epochs: int, technique: Any) -> dict[str, Any]:
    seconds = [turn["seconds"] for turn in row["turns"]]
    epoch = statistics.median(seconds)
    found: dict[str, Any] = {
        "title": technique.title, "does": technique.does, "n": len(seconds), "seconds_an_epoch": epoch,
        "samples_a_second": row["samples"] / epoch, "set_up_seconds": _extra(row), "memory_mib": row["memory"],
        "loss": row["turns"][-1]["loss"], "turns": [round(value, 6) for value in seconds],
        "popular_on_a_gpu": {"speed": technique.speed, "memory": technique.memory},
    }  # fmt: skip
    if base is None:
        return found
    runs = [[_extra(one) + epochs * turn["seconds"] for turn in one["turns"]] for one in (base, row)]
    ratios = [a / b for a, b in zip(*runs, strict=True)]
    pairs = list(zip(base["turns"], row["turns"], strict=True))
    steady = [a["seconds"] / b["seconds"] for a, b in pairs]
    cpu = [a["cpu"] / b["cpu"] for a, b in pairs if a["cpu"] and b["cpu"]]
    above = base["memory"]["above"], row["memory"]["above"]
    return found | {
        "ratio": statistics.median(ratios),
        "interval": bootstrap(ratios, statistics.median),
        "steady": statistics.median(steady),
        "cpu_ratio": statistics.median(cpu) if cpu else None,
        "memory_ratio": above[1] / above[0] if above[0] and above[1] is not None else None,
        "ratios": [round(value, 4) for value in ratios],
    }


def _extra(row: Mapping[str, Any]) -> float:
    """Seconds that a run pays once: set-up, and what its first epoch took beyond a usual one."""
    usual = statistics.median(turn["seconds"] for turn in row["turns"])
    extra: float = row["set_up"] + max(row["first"]["seconds"] - usual, 0.0)
    return extra


def bootstrap(values: Sequence[float], of: Any) -> tuple[float, float]:
    """The 95 % interval of a statistic: the middle of what 2,000 draws of as many values give. Same values, same answer."""
    chance = random.Random(0)
    found = sorted(of(chance.choices(values, k=len(values))) for _ in range(DRAWS))
    edge = int(DRAWS * (1 - INTERVAL) / 2)
    return found[edge], found[-edge - 1]


def over_tasks(tasks: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """The geometric mean of a row's ratio over the tasks, its interval (blocks drawn anew within each task), the least."""
    rows = [task["rows"][name] for task in tasks.values() if "ratio" in task["rows"].get(name, {})]
    if not rows:
        return None
    chance = random.Random(0)
    drawn = sorted(
        _mean([statistics.median(chance.choices(row["ratios"], k=row["n"])) for row in rows]) for _ in range(DRAWS)
    )
    edge = int(DRAWS * (1 - INTERVAL) / 2)
    return {
        "geometric_mean": _mean([row["ratio"] for row in rows]),
        "interval": (drawn[edge], drawn[-edge - 1]),
        "least": min(row["ratio"] for row in rows),
        "tasks": len(rows),
    }


def _mean(values: Sequence[float]) -> float:
    return math.exp(statistics.fmean(map(math.log, values)))
