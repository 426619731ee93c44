"""What a loop costs beside the bare five lines: the production loop, unedited, and five libraries doing the same work.

    python bench/overhead.py            # the whole table; --quick: under a minute

Each arm (arms.py) trains in a process of its own, one thread, its output on a terminal that nobody looks at, so bars are
drawn. Arms take turns of one epoch: bare, A, bare, B, bare, ...; who waits is stopped (SIGSTOP). An arm's turn is divided
by the mean of the two bare turns around it, and the median of those ratios over the rounds is what the table says.
A turn lasts from the start of one pass over the training data to the start of the next: so everything between two epochs
(evaluation, history, checkpoint) is in it, and imports, set-up and the first epoch are not.
"""

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
import pty
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "overhead.json"
PACKAGES = ("torch", "numpy", "lightning", "accelerate", "transformers", "pytorch-ignite", "torchmetrics", "tqdm", "rich")
THREADS = 1
FEW = ("bare", "by hand", "glassloop")
WARM_UP = 1  # epochs that are not counted
ROUNDS = {"tiny_mlp": 15, "char_gpt": 5}
QUICK_ROUNDS = {"tiny_mlp": 5, "char_gpt": 2}
QUICK_STEPS = {"tiny_mlp": 500, "char_gpt": 30}  # an epoch; so short a one shows what its end costs ten times too large
TARGETS = {"tiny_mlp": 1.45, "char_gpt": 1.01}


# ---- the arm's side --------------------------------------------------------------------------------------------------


def work(task_name: str, arm_name: str, epochs: int, hear: int, tell: int, folder: Path) -> None:
    """Train, and at the start of each pass report the last one's time and wait to be told to go on."""
    sys.path[:0] = [str(HERE), str(HERE / "tasks")]
    import torch

    torch.set_num_threads(THREADS)
    from arms import ARMS

    from glassloop.kit import data

    started = (time.perf_counter(), time.process_time())
    looked = arm_name != "glassloop"  # the production loop looks at one batch before it trains: no pass

    def turn_over() -> None:
        nonlocal started
        spent = (time.perf_counter() - started[0], time.process_time() - started[1])
        os.write(tell, (json.dumps(spent) + "\n").encode())
        os.read(hear, 1)
        started = (time.perf_counter(), time.process_time())

    class Paced(data.EpochOrder):
        """Iterating the order of the training set is what a pass begins with, in every arm."""

        def __iter__(self):
            nonlocal looked
            if self.shuffle and looked:
                turn_over()
            looked = True
            return super().__iter__()

    data.EpochOrder = Paced
    folder.mkdir()
    ARMS[arm_name].run(importlib.import_module(task_name), epochs, folder)


# ---- the side that measures ------------------------------------------------------------------------------------------


class Runner:
    """A process with one arm in it, standing still unless it has its turn."""

    def __init__(self, task: str, arm: str, epochs: int, folder: Path) -> None:
        self.arm = arm
        hear, self.go = os.pipe()
        self.done, tell = os.pipe()
        self.screen, terminal = pty.openpty()
        self.seen = b""
        command = [sys.executable, __file__, "--work", task, arm, *map(str, (epochs, hear, tell, folder))]
        threads = {name: str(THREADS) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal, pass_fds=(hear, tell),
            env=os.environ | threads | {"COLUMNS": "120", "LINES": "40", "TERM": "xterm-256color"},
        )  # fmt: skip
        for end in (hear, tell, terminal):
            os.close(end)
        threading.Thread(target=self._read_screen, daemon=True).start()
        self.wait()

    def _read_screen(self) -> None:
        """A terminal that is not read from blocks who writes to it."""
        try:
            while text := os.read(self.screen, 65536):
                self.seen = (self.seen + text)[-4000:]
        except OSError:  # the arm has ended
            return

    def wait(self) -> tuple[float, float]:
        """Until its turn is over: the seconds it took, by the clock and of the processor. Leaves it standing still."""
        line = os.read(self.done, 200)
        if not line:
            raise RuntimeError(f"{self.arm} ended early:\n{self.seen.decode(errors='replace')[-1500:]}")
        self.process.send_signal(signal.SIGSTOP)
        wall, cpu = json.loads(line)
        return wall, cpu

    def turn(self) -> tuple[float, float]:
        """One epoch."""
        self.process.send_signal(signal.SIGCONT)
        os.write(self.go, b".")
        return self.wait()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


def measure(task: str, names: list[str], rounds: int) -> dict[str, Any]:
    """Start a process for each arm and let them take turns; the figures of each."""
    runners: dict[str, Runner] = {}
    with tempfile.TemporaryDirectory() as folder:
        try:
            for name in names:  # one after the other: imports are not measured, and two at once would only fight
                say(f"{task}: starting {name}")
                epochs = WARM_UP + 3 + rounds * (len(names) if name == "bare" else 1)
                runners[name] = Runner(task, name, epochs, Path(folder) / name)
                for _ in range(WARM_UP):
                    runners[name].turn()
            steps = int(vars(importlib.import_module(task))["STEPS_PER_EPOCH"])
            return {name: summary(rows) for name, rows in take_turns(task, runners, rounds, steps).items()}
        finally:
            for runner in runners.values():
                runner.end()


def take_turns(task: str, runners: dict[str, Runner], rounds: int, steps: int) -> dict[str, list[dict[str, float]]]:
    """bare, A, bare, B, bare, …: each other arm's turn lies between two of bare's; bare is held against its turn before."""
    turns: dict[str, list[dict[str, float]]] = {name: [] for name in runners}
    before = runners["bare"].turn()
    for number in range(rounds):
        say(f"{task}: round {number + 1} of {rounds}")
        for name in (name for name in runners if name != "bare"):
            own, after = runners[name].turn(), runners["bare"].turn()
            base = [(a + b) / 2 for a, b in zip(before, after, strict=True)]
            turns[name].append({"step": own[0] / steps, "ratio": own[0] / base[0], "cpu": own[1] / base[1]})
            turns["bare"].append({"step": after[0] / steps, "ratio": after[0] / before[0], "cpu": after[1] / before[1]})
            before = after
    return turns


def summary(rows: list[dict[str, float]]) -> dict[str, Any]:
    """Medians, and the middle half as spread."""
    ratios = [row["ratio"] for row in rows]
    low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    return {
        "n": len(rows),
        "us_per_step": round(statistics.median(row["step"] for row in rows) * 1e6, 1),
        "ratio": round(middle, 4),
        "ratio_quartiles": [round(low, 4), round(high, 4)],
        "cpu_ratio": round(statistics.median(row["cpu"] for row in rows), 4),
        "ratios": [round(ratio, 4) for ratio in ratios],
    }


def hardware() -> dict[str, Any]:
    """What the figures hold for."""
    import torch

    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "cpu": models[0].split(": ")[1] if models else platform.processor(),
        "cores": os.cpu_count(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def version(package: str) -> str | None:
    """The installed version, None where there is none."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def show(task: str, figures: dict[str, Any], load: list[float]) -> None:
    """The table of one task."""
    rounds = max(row["n"] for name, row in figures.items() if name != "bare")
    print(f"\n{task}: an epoch's time / bare's, medians of {rounds} paired turns, {THREADS} thread")
    print(f"  {'arm':<20}{'µs a step':>11}{'ratio':>8}   middle half     of CPU time")
    for name, row in figures.items():
        spread = " to ".join(f"{ratio:.3f}" for ratio in row["ratio_quartiles"])
        print(f"  {name:<20}{row['us_per_step']:>11,.0f}{row['ratio']:>8.3f}   {spread} {row['cpu_ratio']:>10.3f}")
    if "glassloop" in figures:
        ours, (low, high) = figures["glassloop"]["ratio"], figures["glassloop"]["ratio_quartiles"]
        verdict = "holds" if high <= TARGETS[task] else "is missed" if low > TARGETS[task] else "lies within the spread"
        print(f"  the target for glassloop, at most {TARGETS[task]}, {verdict}: {ours:.3f}")
    cores = os.cpu_count() or 1
    if max(load) > cores:  # one arm runs at a time, so a quiet machine has a load of about 1
        print(f"  the machine was busy (load {max(load)} on {cores} cores): the CPU time says more than the clock")
    sys.stdout.flush()


def say(text: str) -> None:
    """Progress, beside the results."""
    print(f"  {text}", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few rounds, without libraries; writes no results")
    parser.add_argument("--tasks", nargs="+", choices=list(ROUNDS), default=list(ROUNDS))
    parser.add_argument("--arms", nargs="+", help="only these, besides bare")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    sys.path[:0] = [str(HERE), str(HERE / "tasks")]
    from arms import ARMS

    chosen = options.arms or (list(FEW) if options.quick else list(ARMS))
    left_out = {name: reason for name in chosen if (reason := ARMS[name].missing())}
    for name, reason in left_out.items():
        print(f"left out: {name} ({reason}; pip install -r bench/requirements.txt)")
    names = ["bare", *(name for name in chosen if name not in left_out and name != "bare")]
    conditions: dict[str, Any] = {
        "what": "wall time of an epoch, everything between two epochs included, divided by the bare loop's beside it",
        "hardware": hardware(), "python": platform.python_version(), "threads": THREADS,
        "versions": {package: version(package) for package in PACKAGES},
        "arms": {name: ARMS[name].does for name in names}, "left_out": left_out,
    }  # fmt: skip
    found: dict[str, Any] = json.loads(options.out.read_text()) if options.out.exists() else {}
    for task in options.tasks:
        rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)[task]
        if options.quick:
            os.environ["BENCH_STEPS"] = str(QUICK_STEPS[task])
        # Where a step is arithmetic, arms that do less than ours say nothing, and a turn takes a dozen seconds.
        load_before = round(os.getloadavg()[0], 2)
        own = [name for name in names if task != "char_gpt" or options.arms or name in FEW or "duties" in name]
        figures = measure(task, own, rounds)
        steps, load = vars(importlib.import_module(task))["STEPS_PER_EPOCH"], [load_before, round(os.getloadavg()[0], 2)]
        found[task] = conditions | {"steps_per_epoch": steps, "load_before_and_after": load, "figures": figures}
        show(task, figures, load)
        if not options.quick:
            options.out.parent.mkdir(parents=True, exist_ok=True)
            options.out.write_text(json.dumps(found, indent=1) + "\n")
    for name in names:
        print(f"{name}: {ARMS[name].does}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(sys.argv[2], sys.argv[3], *map(int, sys.argv[4:7]), Path(sys.argv[7]))
    else:
        main()
