"""What a watch's look at the samples adds to reading a loader: CPU time, the same data, with and without, A B A B.

    python bench/samples_cost.py        # writes bench/results/samples_cost.json

Each arm reads whole passes and does nothing with the batches; `first` digests every sample, `later` none.
"""

from __future__ import annotations

import json
import platform
import statistics
import time
from pathlib import Path

import torch
from torch.utils.data import DataLoader, TensorDataset

from glassloop.tap import listen

RESULT = Path(__file__).parent / "results" / "samples_cost.json"
DATA = {"rows of 8, batches of 64": ((8,), 16384, 64), "images of 3x32x32, batches of 64": ((3, 32, 32), 4096, 64)}
ROUNDS = 7


def read(loader: DataLoader) -> float:
    """CPU seconds of one pass."""
    begun = time.process_time()
    for _ in loader:
        pass
    return time.process_time() - begun


def measure(shape: tuple[int, ...], samples: int, batch: int) -> dict[str, float]:
    """Medians over the rounds: microseconds a batch without a watch, and what it adds."""
    data = TensorDataset(torch.randn(samples, *shape), torch.zeros(samples))
    seconds: dict[str, list[float]] = {"plain": [], "first": [], "later": []}
    for _ in range(ROUNDS):
        seconds["plain"].append(read(DataLoader(data, batch, shuffle=True)))
        tap = listen(lambda event: None)
        loader = DataLoader(data, batch, shuffle=True)
        seconds["first"].append(read(loader))
        seconds["later"].append(read(loader))
        tap.stop(ended=False)
    batches = samples // batch
    plain, first, later = (statistics.median(seconds[name]) / batches * 1e6 for name in ("plain", "first", "later"))
    return {
        "plain_us_a_batch": round(plain, 1),
        "first_pass_adds_us_a_batch": round(first - plain, 1),
        "first_pass_adds_us_a_sample": round((first - plain) / batch, 2),
        "later_passes_add_us_a_batch": round(later - plain, 1),
    }


def main() -> None:
    """Measures, prints and writes."""
    torch.set_num_threads(1)
    found = {name: measure(*what) for name, what in DATA.items()}
    about = {"torch": torch.__version__, "python": platform.python_version(), "machine": platform.machine()}
    RESULT.write_text(
        json.dumps({**about, "threads": 1, "rounds": ROUNDS, "data": found}, indent=1) + "\n", encoding="utf-8"
    )
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
