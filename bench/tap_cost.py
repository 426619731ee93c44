"""What being watched costs a training step: the same MLP step with and without, in turns, on one thread.

    python bench/tap_cost.py            measures, prints, and writes results/tap_cost.json

Each round times the unwatched step, then the watched one, then both again (A B A B); a round's cost is the difference
of the two. The plain step holds a loader's batch, zero_grad, forward, loss, backward and step; the full one a clip and a
schedule besides.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from pathlib import Path
from typing import Literal

import torch
from torch import nn
from torch.utils.data import DataLoader

import glassloop.watch as watching

HERE = Path(__file__).parent


class Work:
    """An MLP of about 0.36 ms a step, and a loader that hands over ready batches."""

    def __init__(self, full: bool = True) -> None:
        self.full = full
        torch.manual_seed(0)
        batches = [(torch.randn(32, 64), torch.randint(0, 10, (32,))) for _ in range(8)]
        self.loader = DataLoader(batches, batch_size=None)
        self.model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=1e-3, momentum=0.9)
        self.schedule = torch.optim.lr_scheduler.LinearLR(self.optimizer, total_iters=1_000_000)

    def steps(self, count: int) -> float:
        """CPU seconds per step over `count` passes of 8 steps; the quickest of the passes.

        CPU time and the quickest pass, as a neighbour on a shared machine is no cost of the tap.
        """
        times = []
        for _ in range(count):
            began = time.thread_time()
            for x, y in self.loader:
                self.optimizer.zero_grad()
                loss = nn.functional.cross_entropy(self.model(x), y)
                loss.backward()
                if self.full:
                    nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
                self.optimizer.step()
                if self.full:
                    self.schedule.step()
            times.append((time.thread_time() - began) / len(self.loader))
        return min(times)


ARMS: dict[str, Literal["count", "profile"] | None] = {"watched": None, "counted": "count", "profiled": "profile"}


def measure(full: bool, rounds: int, passes: int) -> dict[str, object]:
    """CPU microseconds per step, bare and heard: medians over the rounds. Counted: with lines.json; profiled: with times."""
    work = Work(full)
    work.steps(passes)
    bare: list[float] = []
    heard: dict[str, list[float]] = {name: [] for name in ARMS}
    for _ in range(rounds):
        bare.append(work.steps(passes))
        for name, lines in ARMS.items():
            with watching.Watch(print, lines=lines) as seen:
                work.steps(2)  # every transition is learnt in the first passes
                heard[name].append(work.steps(passes))
            assert not seen.findings, seen.findings
    told: dict[str, object] = {"bare_us": round(statistics.median(bare) * 1e6, 1)}
    for name, times in heard.items():
        costs = sorted((w - b) * 1e6 for w, b in zip(times, bare, strict=True))
        mark = "" if name == "watched" else f"{name}_"
        told[f"{name}_us"] = round(statistics.median(times) * 1e6, 1)
        told[f"{mark}cost_us"] = round(statistics.median(costs), 1)
        told[f"{mark}cost_us_spread"] = [round(costs[0], 1), round(costs[-1], 1)]
        told[f"{mark}ratio"] = round(statistics.median(w / b for w, b in zip(times, bare, strict=True)), 3)
    return {**told, "events_a_step": 8 if full else 6, "rounds": rounds, "steps_a_round": passes * 8}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--passes", type=int, default=40)
    args = parser.parse_args()
    torch.set_num_threads(1)
    result: dict[str, object] = {name: measure(name == "full", args.rounds, args.passes) for name in ("plain", "full")}
    result["conditions"] = {
        "torch": torch.__version__,
        "python": platform.python_version(),
        "threads": torch.get_num_threads(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "date": time.strftime("%Y-%m-%d"),
    }
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "tap_cost.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
