"""What recording costs a training step, in CPU time and bytes: the same steps with and without, in turns.

    python bench/record_overhead.py            measures, prints, and writes results/record_overhead.json (about two minutes)

Each round times the bare steps, then each arm, then all again (A B C A B C), step by step, as watch_overhead.py does: a cost
is the difference of two 5 % quantiles. Arms: `record`, a row a step, the order, no digest of the state; `digest`, the state
after each step, too; `watched`, a recording and a watch; `watch`, a watch alone. An arm runs past the first pass, whose
samples are digested, before its time is taken; `first` is what a step costs in that pass. `bytes` is what ledger.jsonl and
order.bin grow by.

Works: those of watch_overhead.py, an MLP of a third of a millisecond a step and a small GPT. `row`: making and writing a row
alone, without any training around it.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).parent))
from watch_overhead import PASS, WORKS, conditions, timed, typical

from glassloop.record.ledger import Ledger
from glassloop.recorder.data import Data
from glassloop.recorder.order import Order
from glassloop.recorder.rows import Rows
from glassloop.recorder.state import State
from glassloop.recording import Recording
from glassloop.tap.measures import DENSE, EVERY
from glassloop.watch import Watch

HERE = Path(__file__).parent
ARMS = ("record", "digest", "watch", "watched")


@contextmanager
def arm(name: str, home: Path) -> Iterator[None]:
    """The steps inside are recorded, watched, or both."""
    with ExitStack() as stack:
        if name != "watch":
            recording = Recording(home, digest_every=1 if name == "digest" else 0)
            stack.callback(recording.end)
        if name in ("watch", "watched"):
            stack.enter_context(Watch(print))
        yield


def measure(name: str, rounds: int, turns: int) -> dict[str, object]:
    """CPU microseconds a step, bare and in each arm, and bytes."""
    step = WORKS[name]()
    timed(step, 2)
    times: dict[str, list[list[list[float]]]] = {one: [] for one in ("bare", *ARMS, "first")}
    grown: list[float] = []
    for _ in range(rounds):
        times["bare"].append(timed(step, turns))
        for one in ARMS:
            with tempfile.TemporaryDirectory() as scratch, arm(one, Path(scratch)):
                begun = timed(step, max(DENSE, PASS if name != "gpt" else 0) // EVERY)
                before = size(Path(scratch))
                times[one].append(timed(step, turns))
                if one == "record":
                    times["first"].append(begun[1:])
                    grown.append((size(Path(scratch)) - before) / (turns * EVERY))
    step_us = {one: typical(list(itertools.chain.from_iterable(found))) for one, found in times.items()}
    told: dict[str, object] = {"bare_us": round(step_us["bare"], 1), "rounds": rounds}
    told |= {"steps": rounds * turns * EVERY, "bytes": round(statistics.median(grown), 1)}
    for one in (*ARMS, "first"):
        costs = sorted(typical(mine) - typical(bare) for mine, bare in zip(times[one], times["bare"], strict=True))
        told[one] = {
            "cost_us": round(step_us[one] - step_us["bare"], 1),
            "spread_us": [round(costs[0], 1), round(costs[-1], 1)],
            "ratio": round(step_us[one] / step_us["bare"], 4),
        }
    return told


def size(home: Path) -> int:
    """The bytes of the files that grow with each step."""
    return sum((home / name).stat().st_size for name in ("ledger.jsonl", "order.bin") if (home / name).exists())


def row(repeats: int = 5, count: int = 5000) -> dict[str, float]:
    """CPU microseconds of a step's row beyond the hooks that heard it: made, chained and written."""
    parameters = [torch.nn.Parameter(torch.zeros(8))]
    optimizer: Any = torch.optim.SGD(parameters, lr=1e-3)
    loss = torch.tensor(2.302585)
    indices = list(range(32))
    times = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as scratch:
            home = Path(scratch)
            data = Data(home / "data", "none")
            rows = Rows(home, lambda _, at=home: Ledger(at / "ledger.jsonl"), Order(home, data), data, State(0))
            rows.order.open()
            loader: Any = torch.utils.data.DataLoader(range(64), batch_size=32)  # type: ignore[arg-type]
            passing = iter(loader)
            rows.begins(loader, passing)
            began = time.thread_time()
            for _ in range(count):
                rows.handed(passing, indices, None)
                rows.backward(loss)
                rows.stepped(optimizer)
            times.append((time.thread_time() - began) / count * 1e6)
            grown = size(home) / count
            rows.close()
    return {"us": round(min(times), 2), "bytes": round(grown, 1)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", choices=["row", "plain", "gpt"])
    args = parser.parse_args()
    torch.set_num_threads(1)
    result: dict[str, object] = {}
    if args.only in (None, "row"):
        result["row"] = row()
        print("row", json.dumps(result["row"]), flush=True)
    for name, rounds, calls in (("plain", args.rounds, 20), ("gpt", max(args.rounds // 3, 1), 4)):
        if args.only in (None, name):
            result[name] = measure(name, rounds, calls)
            print(name, json.dumps(result[name]), flush=True)
    result["conditions"] = conditions()
    if args.only is None:
        (HERE / "results" / "record_overhead.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
