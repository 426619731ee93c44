"""Claims about a DataLoader that counting decides: which order, which calls, which processes."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from glassloop.lab.claims import Figure, Here, Outcome, claim

if TYPE_CHECKING:
    from collections.abc import Iterator


class Numbers:
    """`n` samples, each (its index, the process that fetched it, `flag`); each takes `delay` seconds."""

    def __init__(self, n: int, delay: float = 0.0) -> None:
        self.n, self.delay, self.flag, self.calls = n, delay, 0, 0

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> tuple[int, int, int]:
        self.calls += 1
        time.sleep(self.delay)
        return index, os.getpid(), self.flag


class Many(Numbers):
    """The same, fetched a batch at a time, too."""

    def __init__(self, n: int) -> None:
        super().__init__(n)
        self.batches = 0

    def __getitems__(self, indices: list[int]) -> list[tuple[int, int, int]]:
        self.batches += 1
        return [(index, 0, 0) for index in indices]


@claim(
    "c12",
    says="shuffle=True gives another order each epoch",
    source="the essay",
    published={
        "a plain DataLoader": True,
        "a generator that is seeded again each epoch": False,
        "DistributedSampler without set_epoch": False,
        "DistributedSampler with set_epoch": True,
    },
    because="""
    Three passes over {samples} samples. A plain loader draws a new order from its generator for each pass. Seeding that
    generator again at the start of each epoch repeats the order, and so does a DistributedSampler (shuffle=True) that
    is not told the epoch: {stale} different order in {passes} passes, {fresh} with set_epoch.
    """,
)
def c12(here: Here) -> Outcome:
    """Count the different orders in three passes."""
    import torch
    from torch.utils.data import DataLoader, DistributedSampler

    data: Any = Numbers(64)
    generator = torch.Generator()
    stale: DistributedSampler[int] = DistributedSampler(data, num_replicas=2, rank=0, shuffle=True)
    fresh: DistributedSampler[int] = DistributedSampler(data, num_replicas=2, rank=0, shuffle=True)
    orders: dict[str, set[tuple[int, ...]]] = {name: set() for name in ("plain", "seeded", "stale", "fresh")}
    loaders = {
        "plain": DataLoader(data, 8, shuffle=True),
        "seeded": DataLoader(data, 8, shuffle=True, generator=generator),
        "stale": DataLoader(data, 8, sampler=stale),
        "fresh": DataLoader(data, 8, sampler=fresh),
    }
    for epoch in range(3):
        generator.manual_seed(0)
        fresh.set_epoch(epoch)
        for name, loader in loaders.items():
            orders[name].add(tuple(i for batch in loader for i in batch[0].tolist()))
    return Outcome(
        cases={
            "a plain DataLoader": len(orders["plain"]) == 3,
            "a generator that is seeded again each epoch": len(orders["seeded"]) == 3,
            "DistributedSampler without set_epoch": len(orders["stale"]) == 3,
            "DistributedSampler with set_epoch": len(orders["fresh"]) == 3,
        },
        figures={"samples": 64, "passes": 3, "stale": len(orders["stale"]), "fresh": len(orders["fresh"])},
    )


@claim(
    "c13",
    says="The loader calls the dataset's __getitem__ once for each index",
    source="the essay",
    published={"a dataset with __getitem__ alone": True, "a dataset that defines __getitems__, too": False},
    because="""
    8 samples in batches of 4: {single} calls without __getitems__. A dataset that has it gets {batched} calls for whole
    batches and {single_of_many} single ones. Of torch's own, TensorDataset has the method: {tensor_dataset}; Subset:
    {subset}.
    """,
)
def c13(here: Here) -> Outcome:
    """Count the calls of both methods in one pass."""
    from torch.utils.data import DataLoader, Subset, TensorDataset

    one: Any = Numbers(8)
    many: Any = Many(8)
    for data in (one, many):
        list(DataLoader(data, 4))
    return Outcome(
        cases={
            "a dataset with __getitem__ alone": one.calls == 8,
            "a dataset that defines __getitems__, too": many.calls == 8,
        },
        figures={
            "single": one.calls,
            "batched": many.batches,
            "single_of_many": many.calls,
            "tensor_dataset": hasattr(TensorDataset, "__getitems__"),
            "subset": hasattr(Subset, "__getitems__"),
        },
    )


@claim(
    "c18",
    says="The training process waits for the loader only where the next batch is not ready",
    source="the essay",
    published={
        "2 workers, a step longer than loading": True,
        "2 workers, a step shorter than loading": True,
        "0 workers": False,
    },
    because="""
    Batches of 4 that take {load_ms:.0f} ms to load, a step of {long_ms:.0f} ms: with 2 workers next() took
    {warm_ms:.1f} ms (median) once they were warm, {first_ms:.0f} ms for the first batch of the pass, which includes
    starting them. With a step of {short_ms:.0f} ms it waits {short_wait_ms:.0f} ms: what is missing. Without workers it
    is no waiting but the loading itself, {none_ms:.0f} ms however long the step is.
    """,
    full=True,
)
def c18(here: Here) -> Outcome:
    """Time inside next(), with sleeps for loading and for the step."""
    from statistics import median

    from torch.utils.data import DataLoader

    delay, long, short, batches = 0.02, 0.2, 0.002, 10
    data: Any = Numbers(4 * batches, delay)
    load = 4 * delay
    warm = list(_waits(DataLoader(data, 4, num_workers=2), long))
    hungry = list(_waits(DataLoader(data, 4, num_workers=2), short))
    alone = list(_waits(DataLoader(data, 4), short))
    ready, starved, none = median(warm[1:]), sum(hungry[1:]) / len(hungry[1:]), min(alone)
    return Outcome(
        cases={
            "2 workers, a step longer than loading": ready < load / 2,
            # Two workers deliver a batch each `load` / 2 at best; the step hides little of it.
            "2 workers, a step shorter than loading": starved > load / 8,
            "0 workers": none < load / 2,
        },
        figures={
            "load_ms": 1e3 * load,
            "long_ms": 1e3 * long,
            "short_ms": 1e3 * short,
            "first_ms": 1e3 * warm[0],
            "warm_ms": 1e3 * ready,
            "short_wait_ms": 1e3 * starved,
            "none_ms": 1e3 * none,
        },
    )


def _waits(loader: Any, step: float) -> Iterator[float]:
    """Seconds inside next() for each batch of a pass, with a step of so many seconds after each."""
    batches = iter(loader)
    for _ in range(len(loader)):
        began = time.perf_counter()
        next(batches)
        yield time.perf_counter() - began
        time.sleep(step)


@claim(
    "c22",
    says="persistent_workers avoids starting the workers again at each epoch",
    source="the essay",
    published={"fork": True, "spawn": True},
    because="""
    Two epochs with one worker met {fresh_pids} worker processes without it and {kept_pids} with it, under fork and
    spawn alike. Seconds to the first batch of the second epoch, without it then with it: fork {fork_fresh:.2f} then
    {fork_kept:.2f}, spawn {spawn_fresh:.2f} then {spawn_kept:.2f}. What it costs is not said: the workers keep their
    copy of the dataset, so an attribute changed between epochs was seen as {kept_sees} (without: {fresh_sees}; set to
    7). With 0 workers it raises {zero_says}.
    """,
)
def c22(here: Here) -> Outcome:
    """Worker processes over two epochs, what they see of a changed dataset, time to the first batch."""
    from torch.utils.data import DataLoader

    cases: dict[str, bool] = {}
    figures: dict[str, Figure] = {}
    for method in ("fork", "spawn") if here.full else ("fork",):
        pids = {}
        for name, keep in (("fresh", False), ("kept", True)):
            data: Any = Numbers(8)
            loader = DataLoader(data, 2, num_workers=1, persistent_workers=keep, multiprocessing_context=method)
            seen = {int(pid) for batch in loader for pid in batch[1]}
            data.flag = 7
            began = time.perf_counter()
            second = iter(loader)
            batches = [next(second)]
            figures[f"{method}_{name}"] = time.perf_counter() - began
            batches += second
            pids[name] = len(seen | {int(pid) for batch in batches for pid in batch[1]})
            figures |= {f"{name}_pids": pids[name], f"{name}_sees": int(batches[0][2][0])}
        cases[method] = pids == {"fresh": 2, "kept": 1}
    try:
        DataLoader(data, 2, persistent_workers=True)
    except ValueError as error:
        figures["zero_says"] = type(error).__name__
    return Outcome(cases, figures)
