"""What being watched costs a training step, in CPU time, and what it keeps: the same steps with and without, in turns.

    python bench/watch_overhead.py            measures, prints, and writes results/watch_overhead.json (some five minutes)

Each round times the bare steps, then each arm, then all again (A B C A B C), step by step. Every EVERY-th step is one at
which gradients are measured and numbers are read, so a time is asked of each of EVERY positions: the 5 % quantile there,
which a neighbour on a shared machine cannot make longer; and the mean over the positions is the step's. `spread_us` has
the least and the largest cost of a single round.

Arms: `order`, the events and the rules of order; `watched`, all rules, with the numbers of the steps; `counted` and
`profiled`, with lines.json besides, as `glassloop run` has it. An arm runs past the steps at which every gradient is
measured, and past the first pass, whose samples are looked at, before its time is taken; `first` is what a step costs in
those.

Works: an MLP of a third of a millisecond a step (plain: loader, zero_grad, forward, loss, backward, step; full: a clip and
a schedule besides), and a small GPT on the characters of Python's own library. `memory`: KiB of the process after so many
watched steps of a tiny loop with a loader, above those after the first tenth.
"""

from __future__ import annotations

import argparse
import gc
import inspect
import itertools
import json
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from glassloop.events import MEASURED
from glassloop.rules import rules_of_runs
from glassloop.tap.measures import DENSE, EVERY
from glassloop.watch import Watch

PASS = 256  # batches
SHARE = 0.05  # the quantile
HERE = Path(__file__).parent
Step = Callable[[], None]


def mlp(full: bool) -> Step:
    """Steps on ready batches, 256 in a pass."""
    torch.manual_seed(0)
    batches = [(torch.randn(32, 64), torch.randint(0, 10, (32,))) for _ in range(8)]
    loader: Any = DataLoader(batches * (PASS // 8), batch_size=None)  # type: ignore[arg-type]
    endless = itertools.chain.from_iterable(itertools.repeat(loader))
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, total_iters=1_000_000)

    def step() -> None:
        x, y = next(endless)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        if full:
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if full:
            schedule.step()

    return step


class Text(nn.Module):
    """A GPT of two layers, 64 wide."""

    def __init__(self, vocabulary: int, width: int = 64, context: int = 64) -> None:
        super().__init__()
        self.token, self.place = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
        layer = nn.TransformerEncoderLayer(width, 4, 4 * width, dropout=0.0, batch_first=True, norm_first=True)
        self.body = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.out = nn.Linear(width, vocabulary)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(context))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Logits (batch, length, vocabulary) of ids (batch, length)."""
        hidden = self.token(ids) + self.place.weight[: ids.shape[1]]
        return self.out(self.body(hidden, mask=self.mask, is_causal=True))  # type: ignore[no-any-return]


def gpt() -> Step:
    """Steps on characters of the standard library."""
    torch.manual_seed(0)
    text = inspect.getsource(argparse) + inspect.getsource(inspect)
    letters = sorted(set(text))
    data = torch.tensor([letters.index(letter) for letter in text[:50_000]])
    model = Text(len(letters))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)

    def step() -> None:
        at = torch.randint(0, len(data) - 65, (16,)).tolist()
        ids = torch.stack([data[i : i + 65] for i in at])
        loss = nn.functional.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return step


WORKS: dict[str, Callable[[], Step]] = {"plain": lambda: mlp(False), "full": lambda: mlp(True), "gpt": gpt}


def watches() -> dict[str, Callable[[], Watch]]:
    """The arms by name."""
    order = [rule for rule in rules_of_runs() if MEASURED not in rule.hears]
    return {
        "order": lambda: Watch(print, rules=order),
        "watched": lambda: Watch(print),
        "counted": lambda: Watch(print, lines="count"),
        "profiled": lambda: Watch(print, lines="profile"),
    }


def timed(step: Step, turns: int) -> list[list[float]]:
    """CPU seconds of EVERY steps, so many times: a neighbour on a shared machine is no cost of the watch."""
    clock = time.thread_time
    rows = []
    for _ in range(turns):
        row = [clock()]
        for _ in range(EVERY):
            step()
            row.append(clock())
        rows.append([after - before for before, after in itertools.pairwise(row)])
    return rows


def typical(rows: list[list[float]]) -> float:
    """Microseconds of a step: the quantile at each of the EVERY positions, and the mean of these."""
    columns = [sorted(column) for column in zip(*rows, strict=True)]
    return statistics.fmean(column[int(SHARE * len(column))] for column in columns) * 1e6


def measure(name: str, rounds: int, turns: int, names: tuple[str, ...]) -> dict[str, object]:
    """CPU microseconds a step, bare and in each arm."""
    step, gather = WORKS[name](), PASS // EVERY if name != "gpt" else 0
    timed(step, 2)
    times: dict[str, list[list[list[float]]]] = {arm: [] for arm in ("bare", *names, "first")}
    for _ in range(rounds):
        times["bare"].append(timed(step, turns))
        for arm in names:
            with watches()[arm]() as seen:
                dense = timed(step, DENSE // EVERY)
                timed(step, gather)
                times[arm].append(timed(step, turns))
            assert not seen.findings, seen.findings
            if arm == "watched":
                times["first"].append(dense[2:])
    step_us = {arm: typical(list(itertools.chain.from_iterable(found))) for arm, found in times.items()}
    told: dict[str, object] = {"bare_us": round(step_us["bare"], 1), "rounds": rounds, "steps": rounds * turns * EVERY}
    for arm, found in times.items():
        if arm == "bare":
            continue
        costs = sorted(typical(mine) - typical(bare) for mine, bare in zip(found, times["bare"], strict=True))
        told[arm] = {
            "cost_us": round(step_us[arm] - step_us["bare"], 1),
            "spread_us": [round(costs[0], 1), round(costs[-1], 1)],
            "ratio": round(step_us[arm] / step_us["bare"], 4),
        }
    return told


def memory(steps: int) -> dict[str, int]:
    """KiB of this process after shares of so many watched steps, above those after the first tenth."""
    x, y = torch.ones(64, 2), torch.zeros(64, 1)
    loader: Any = DataLoader(TensorDataset(x, y), batch_size=2, shuffle=True)
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-6)
    held: dict[int, int] = {}
    batches = itertools.chain.from_iterable(itertools.repeat(loader))
    with Watch(print, lines="count"):
        for count, (inputs, targets) in enumerate(itertools.islice(batches, steps), 1):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(inputs), targets).backward()
            optimizer.step()
            if count % (steps // 10) == 0:
                gc.collect()
                held[count] = resident()
    return {str(count): size - held[steps // 10] for count, size in held.items()}


def resident() -> int:
    """KiB that this process occupies."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024


def conditions() -> dict[str, object]:
    """Where it was measured."""
    return {
        "torch": torch.__version__,
        "python": platform.python_version(),
        "threads": torch.get_num_threads(),
        "cores": os.cpu_count(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "date": time.strftime("%Y-%m-%d"),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=200_000, help="of the loop whose memory is looked at")
    parser.add_argument("--only", choices=[*WORKS, "memory"])
    args = parser.parse_args()
    torch.set_num_threads(1)
    result: dict[str, object] = {}
    large = {"gpt": (args.rounds, 6, ("order", "watched"))}
    began = round(os.getloadavg()[0], 2)
    for name in WORKS:
        if args.only in (None, name):
            result[name] = measure(name, *large.get(name, (args.rounds, 20, tuple(watches()))))
            print(name, json.dumps(result[name]), flush=True)
    if args.only in (None, "memory"):
        result["memory"] = memory(args.steps)
        print("memory", json.dumps(result["memory"]), flush=True)
    result["conditions"] = conditions() | {"load": [began, round(os.getloadavg()[0], 2)]}
    if args.only is None:
        (HERE / "results").mkdir(exist_ok=True)
        (HERE / "results" / "watch_overhead.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
