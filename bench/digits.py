"""The demo's claim: at least 0.985 validation accuracy in under a minute of training on two cores, over five seeds.

python bench/digits.py  ->  bench/results/digits.json
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SEEDS = range(5)


def train(seed: int, folder: Path) -> dict[str, float]:
    """One whole run as a user starts it; wall seconds include the imports."""
    began = time.perf_counter()
    words = [sys.executable, "-m", "glassloop", "run", "--out", str(folder), "digits", "--seed", str(seed)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    wall = time.perf_counter() - began
    final = json.loads(done.stdout.splitlines()[-1].removeprefix("final "))
    seconds = sum(row["seconds"] for row in json.loads((folder / "history.json").read_text()))
    return {"seed": seed, "val_accuracy": final["val_accuracy"], "wall_s": round(wall, 1), "steps_s": round(seconds, 1)}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        runs = [train(seed, Path(scratch) / str(seed)) for seed in SEEDS]
    for run in runs:
        seconds = f"{run['wall_s']:.1f} s, training steps {run['steps_s']:.1f} s"
        print(f"seed {run['seed']}  val_accuracy {run['val_accuracy']:.4f}  {seconds}")
    worst, slowest = min(run["val_accuracy"] for run in runs), max(run["wall_s"] for run in runs)
    print(f"worst {worst:.4f} (claimed 0.985), slowest {slowest:.1f} s (claimed 60)")
    result = {"runs": runs, "conditions": {"machine": platform.machine(), "cores": os.cpu_count()}}
    (Path(__file__).parent / "results" / "digits.json").write_text(json.dumps(result, indent=2) + "\n")
    sys.exit(worst < 0.985)  # seconds are a machine's own, and no verdict
