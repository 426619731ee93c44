"""What the kit's randomness by address costs, beside what it was chosen over. One thread, medians, in microseconds.

python bench/kit_cost.py  ->  bench/results/kit_cost.json
"""

import json
import platform
import time
from pathlib import Path
from statistics import median

import numpy as np
import torch

from glassloop.kit import seeding

BATCH, NUMBERS = np.arange(64), 4


def philox_a_sample():
    """The rejected way: one numpy generator for each sample of a batch."""
    return [np.random.Generator(np.random.Philox(key=[5, int(index)])).random(NUMBERS) for index in BATCH]


def kept():
    with seeding.kept_rng():
        pass


CASES = {
    "uniform, a batch of 64 x 4": lambda: seeding.uniform(0, 1, BATCH, NUMBERS),
    "numpy Philox, a batch of 64 x 4": philox_a_sample,
    "seed_sample, one sample": lambda: seeding.seed_sample(0, 1, 3),
    "kept_rng, once a batch": kept,
    "permutation of 50,000": lambda: seeding.permutation(50_000, 0, 1),
}


def microseconds(call, n=300):
    times = []
    for _ in range(n + 10):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return round(median(times[10:]) * 1e6, 1)


if __name__ == "__main__":
    torch.set_num_threads(1)
    found = {name: microseconds(call) for name, call in CASES.items()}
    for name, value in found.items():
        print(f"{value:>9.1f} µs  {name}")
    conditions = {"machine": platform.machine(), "cores": 2, "threads": 1, "n": 300, "torch": torch.__version__}
    text = json.dumps({"microseconds": found, "conditions": conditions}, indent=2)
    (Path(__file__).parent / "results" / "kit_cost.json").write_text(text + "\n")
