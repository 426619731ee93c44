"""Loader workers and how processes start (c79, c80)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from glassloop.lab.claims import Here, Outcome, claim

LISTING = """
import sys, time, torch, multiprocessing
from torch.utils.data import DataLoader, TensorDataset
{before}
loader = DataLoader(TensorDataset(torch.randn(256, 10), torch.randn(256, 1)), batch_size=32, num_workers=2)
{guard}for inputs, targets in loader:
{guard}    pass
{guard}print("went through", flush=True)
"""


def _starts(method: str, guard: str = "") -> tuple[bool, str]:
    """Whether a script that iterates over a loader with workers gets through under a start method, and its error."""
    text = LISTING.format(before=f"multiprocessing.set_start_method({method!r}, force=True)", guard="")
    if guard:
        lines = text.splitlines()
        loop = next(number for number, line in enumerate(lines) if line.startswith("for "))
        text = "\n".join([*lines[:loop], guard, *(f"    {line}" for line in lines[loop:])])
    path = Path(f"{method}{bool(guard)}.py")
    path.write_text(text)
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, timeout=300)
    words = [line.split(":")[0] for line in done.stderr.splitlines() if line.startswith(("RuntimeError", "EOFError"))]
    return done.returncode == 0 and "went through" in done.stdout, words[0] if words else ""


@claim(
    "c79",
    says="A loader with workers at the top level of a script needs no main guard",
    source="the loop post (listing)",
    published={"fork": True, "spawn": False, "forkserver": False, "spawn, with a guard round the loop": True},
    because="""
    Under spawn and forkserver each worker imports the script, which starts workers again: {spawn} under spawn,
    {forkserver} under forkserver. spawn is the default on Windows and macOS, forkserver on Linux from Python
    3.14 on; fork was the default on Linux until then. A guard (if __name__ == '__main__':) round what starts
    the workers is enough.
    """,
    full=True,
)
def needs_no_guard(here: Here) -> Outcome:
    """One script under three start methods, and guarded under spawn; two workers."""
    fork, spawn, server = _starts("fork"), _starts("spawn"), _starts("forkserver")
    guarded = _starts("spawn", 'if __name__ == "__main__":')
    return Outcome(
        cases={
            "fork": fork[0],
            "spawn": spawn[0],
            "forkserver": server[0],
            "spawn, with a guard round the loop": guarded[0],
        },
        figures={"spawn": spawn[1], "forkserver": server[1]},
    )


@claim(
    "c80",
    says="Workers speed up the loop post's own example",
    source="the loop post",
    published={"4 workers, random tensors in memory": False, "2 ms of waiting a sample": True},
    because="""
    10,000 rows of 10 numbers in memory, batches of 32: an epoch with 4 workers took {slower:.0f} times as long
    as with none; starting processes and sending batches costs more than indexing a tensor. Where each sample
    waits for 2 ms (a disk, a network) 4 workers take {faster:.2f} of the time.
    """,
    full=True,
)
def workers_speed_up(here: Here) -> Outcome:
    """Time of an epoch with 4 workers over that with none, for tensors in memory and for samples that wait."""
    import torch
    from torch.utils.data import DataLoader, Dataset, TensorDataset

    class Waiting(Dataset[int]):
        """Samples that take 2 ms of waiting."""

        def __len__(self) -> int:
            return 960

        def __getitem__(self, index: int) -> int:
            time.sleep(0.002)
            return index

    def seconds(data: Dataset[object], workers: int) -> float:
        context = "fork" if workers and hasattr(os, "fork") else None
        loader = DataLoader(data, 32, num_workers=workers, multiprocessing_context=context)
        began = time.perf_counter()
        for _ in loader:
            pass
        return time.perf_counter() - began

    memory: Dataset[object] = TensorDataset(torch.randn(10_000, 10), torch.randn(10_000, 1))
    waiting: Dataset[object] = Waiting()
    slower = min(seconds(memory, 4) for _ in range(2)) / min(seconds(memory, 0) for _ in range(2))
    faster = min(seconds(waiting, 4) for _ in range(2)) / seconds(waiting, 0)
    return Outcome(
        cases={"4 workers, random tensors in memory": slower < 1, "2 ms of waiting a sample": faster < 0.7},
        figures={"slower": slower, "faster": faster},
    )
