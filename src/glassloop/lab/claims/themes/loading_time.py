"""Claims about how many workers a DataLoader wants. They are about time, so they run in full only, with wide margins."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from glassloop.lab.claims import Figure, Here, Outcome, claim

if TYPE_CHECKING:
    from torch import Tensor

IN_MEMORY, WAITING, COMPUTING = "samples in memory", "samples that wait 20 ms", "samples that compute 4 ms"


class Samples:
    """`n` samples of one kind, rows of ten numbers."""

    def __init__(self, kind: str, n: int) -> None:
        import torch

        self.kind, self.n = kind, n
        self.rows = torch.zeros(n, 10)

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> Tensor:
        if self.kind == WAITING:
            time.sleep(0.020)
        elif self.kind == COMPUTING:
            until = time.process_time() + 0.004
            while time.process_time() < until:
                sum(range(100))
        return self.rows[index]


def epoch_seconds(kind: str, workers: int) -> float:
    """Median wall time of a pass by workers that run already, of 10,000 samples in memory or 240 of another kind."""
    from torch.utils.data import DataLoader

    from glassloop.lab.claims.material import median_seconds

    data: Any = Samples(kind, 10_000 if kind == IN_MEMORY else 240)
    loader = DataLoader(data, 64 if kind == IN_MEMORY else 4, num_workers=workers, persistent_workers=workers > 0)
    return median_seconds(lambda: list(loader), rounds=5 if kind == IN_MEMORY else 1)


@claim(
    "c14",
    says="Without workers the training process does all loading, and that is the bottleneck: workers make it quicker",
    source="the essay",
    published={IN_MEMORY: False, WAITING: True},
    because="""
    A pass with 0, 2, 4 and 8 workers that run already, in seconds: 10,000 samples in memory {memory}, up to
    {slower:.0f} times slower with workers; 240 samples that wait 20 ms each {waiting}, {quicker:.1f} times quicker with
    8. For 240 samples that compute 4 ms the cores that are free decide: {computing} here, on a busy machine. Starting
    the workers comes on top (c22).
    """,
    full=True,
)
def c14(here: Here) -> Outcome:
    """Whole passes at 0, 2, 4 and 8 workers for three kinds of samples."""
    counts = (0, 2, 4, 8)
    seconds = {kind: [epoch_seconds(kind, workers) for workers in counts] for kind in (IN_MEMORY, WAITING, COMPUTING)}
    text = {kind: ", ".join(f"{s:.2f}" for s in row) for kind, row in seconds.items()}
    return Outcome(
        cases={kind: min(row[1:]) < row[0] / 1.5 for kind, row in seconds.items() if kind != COMPUTING},
        figures={
            "memory": text[IN_MEMORY],
            "waiting": text[WAITING],
            "computing": text[COMPUTING],
            "slower": max(seconds[IN_MEMORY]) / seconds[IN_MEMORY][0],
            "quicker": seconds[WAITING][0] / seconds[WAITING][-1],
        },
    )


@claim(
    "c15",
    says="Two to four workers are the number to choose",
    source="the essay",
    published={IN_MEMORY: False, WAITING: False},
    because="""
    The best number belongs to the kind of loading and the machine. Seconds a pass with 0, 2, 4, 8 and 16 workers on
    {cores} cores: in memory {memory} (best 0); waiting {waiting} (the more the better, beyond 8). For samples that
    compute, {computing}, the cores that are free decide, and other programs had them, too: no verdict on those. Measure
    it: the right number is the smallest at which the step no longer waits.
    """,
    full=True,
)
def c15(here: Here) -> Outcome:
    """Whether 2 or 4 workers come within a quarter of the best pass."""
    from glassloop.lab.pool import cores

    counts = (0, 2, 4, 8, 16)
    seconds = {kind: [epoch_seconds(kind, workers) for workers in counts] for kind in (IN_MEMORY, WAITING, COMPUTING)}
    text = {kind: ", ".join(f"{s:.2f}" for s in row) for kind, row in seconds.items()}
    figures: dict[str, Figure] = {"memory": text[IN_MEMORY], "waiting": text[WAITING], "computing": text[COMPUTING]}
    return Outcome(
        cases={
            IN_MEMORY: min(seconds[IN_MEMORY][1:3]) < 1.25 * min(seconds[IN_MEMORY]),
            WAITING: min(seconds[WAITING][1:3]) < 1.25 * min(seconds[WAITING]),
        },
        figures={**figures, "cores": cores()},
    )


@claim(
    "c17",
    says="Too many workers overload processor and memory",
    source="the article, the loop post",
    published={"memory": True, "processor time, samples in memory": True, "time, samples that wait": False},
    because="""
    Memory of its own (private pages after a pass), a worker: {private:.0f} MiB, so {many} workers of a trivial dataset
    hold {held:.0f} MiB before they have loaded anything. A pass over 10,000 samples in memory took {cpu_none:.2f} s of
    processor time without workers, {cpu_two:.2f} s with 2 and {cpu_many:.2f} s with {many}, starting them included.
    Samples that wait are still loaded quicker by {many} than by 2: in {waiting:.2f} of the time.
    """,
    full=True,
)
def c17(here: Here) -> Outcome:
    """Private memory and processor time of workers, and passes with 2 and with 16 of them."""
    private = _private_mib(2)
    many_private = _private_mib(16)
    cpu = {workers: _processor_seconds(workers) for workers in (0, 2, 16)}
    waiting = epoch_seconds(WAITING, 16) / epoch_seconds(WAITING, 2)
    return Outcome(
        cases={
            "memory": sum(many_private) > 4 * sum(private),
            "processor time, samples in memory": cpu[16] > 1.5 * cpu[2],
            "time, samples that wait": waiting > 1.0,
        },
        figures={
            "private": sum(many_private) / 16,
            "many": 16,
            "held": sum(many_private),
            "cpu_none": cpu[0],
            "cpu_two": cpu[2],
            "cpu_many": cpu[16],
            "waiting": waiting,
        },
    )


def _processor_seconds(workers: int) -> float:
    """Processor time of a pass over 10,000 samples in memory, in this process and in workers that are started for it."""
    import resource

    from torch.utils.data import DataLoader

    def used() -> float:
        return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))

    data: Any = Samples(IN_MEMORY, 10_000)
    began = used()
    list(DataLoader(data, 64, num_workers=workers))
    return used() - began


def _private_mib(workers: int) -> list[float]:
    """MiB of pages that each worker shares with nobody, after a pass (Linux)."""
    import multiprocessing
    from pathlib import Path

    from torch.utils.data import DataLoader

    data: Any = Samples(IN_MEMORY, 64 * workers)
    loader = DataLoader(data, 4, num_workers=workers, persistent_workers=True)
    list(loader)
    sizes = []
    for child in multiprocessing.active_children():
        rows = Path(f"/proc/{child.pid}/smaps_rollup").read_text().splitlines()
        sizes.append(sum(int(row.split()[1]) for row in rows if row.startswith("Private_")) / 1024)
    return sizes


@claim(
    "c16",
    says="Too few workers starve the device",
    source="the article, the loop post",
    published={
        "a step on the CPU, samples that wait": True,
        "a step on the CPU, samples in memory": False,
        "a step on a GPU, samples that wait": None,
        "a step on a GPU, samples in memory": None,
    },
    because="""
    The share of an epoch that the training process spends in next(), with 0, 2, 4, 8 and 16 workers that run already,
    beside AdamW steps of a network of a million parameters on batches of 4, on the CPU: samples that wait 20 ms
    {cpu_waiting}; samples in memory {cpu_memory}. A device starves where loading takes longer than the step, and there
    more workers feed it; where samples are in memory they take the processor's time instead.
    """,
    full=True,
)
def c16(here: Here) -> Outcome:
    """Share of the time spent waiting on the loader, beside a real step; it starves where workers at least halve that."""
    counts = (0, 2, 4, 8, 16)
    cases: dict[str, bool] = {}
    figures: dict[str, Figure] = {}
    for device in ("cpu", "cuda") if here.cuda else ("cpu",):
        for kind, name, short in ((WAITING, "samples that wait", "waiting"), (IN_MEMORY, "samples in memory", "memory")):
            shares = [_waiting_share(kind, workers, device) for workers in counts]
            where = "a GPU" if device == "cuda" else "the CPU"
            cases[f"a step on {where}, {name}"] = shares[0] > 0.2 and shares[-1] < shares[0] / 2
            figures[f"{device}_{short}"] = ", ".join(f"{share:.0%}" for share in shares)
    return Outcome(cases, figures)


def _waiting_share(kind: str, workers: int, device: str) -> float:
    """Seconds in next() over seconds in all, of the second epoch of a 1024-wide network."""
    import torch
    from torch import nn
    from torch.utils.data import DataLoader

    from glassloop.lab.claims.material import wait_for

    model = nn.Sequential(nn.Linear(10, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.ReLU(), nn.Linear(1024, 10)).to(device)
    optimizer = torch.optim.AdamW(model.parameters())
    data: Any = Samples(kind, 240)
    loader = DataLoader(data, 4, num_workers=workers, persistent_workers=workers > 0)
    list(loader)
    waited, began, batches = 0.0, time.perf_counter(), iter(loader)
    for _ in range(len(loader)):
        asked = time.perf_counter()
        x = next(batches)
        waited += time.perf_counter() - asked
        x = x.to(device)
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x).backward()
        optimizer.step()
        wait_for(device)
    return waited / (time.perf_counter() - began)
