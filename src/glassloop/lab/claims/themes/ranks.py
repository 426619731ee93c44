"""Training on two processes with DistributedDataParallel over gloo (c75, c76)."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassloop.lab.claims import Here, Outcome, claim

if TYPE_CHECKING:
    from torch import Tensor, nn


def _two_ranks(work: Callable[[int], object]) -> list[Any]:
    """What `work(rank)` gives on each of two forked processes in one gloo group. Raises RuntimeError where one fails."""
    import torch
    import torch.distributed as dist

    def child(rank: int) -> None:
        meeting = f"file://{Path('meeting').absolute()}"
        dist.init_process_group("gloo", init_method=meeting, rank=rank, world_size=2)
        torch.save(work(rank), f"rank{rank}.pt")
        dist.destroy_process_group()

    Path("meeting").unlink(missing_ok=True)
    children = []
    for rank in range(2):
        process = os.fork()
        if process == 0:
            try:
                child(rank)
                os._exit(0)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
        children.append(process)
    codes = [os.waitpid(process, 0)[1] for process in children]
    if any(codes):
        raise RuntimeError("a rank failed; what it printed says why")
    return [torch.load(f"rank{rank}.pt", weights_only=False) for rank in range(2)]


def _gradient(model: nn.Module) -> Tensor:
    import torch

    return torch.cat([parameter.grad.flatten() for parameter in model.parameters() if parameter.grad is not None])


@claim(
    "c75",
    says="DDP averages the gradients, so two ranks do what one process does with the whole batch",
    source="the lesson",
    published={
        "equal shards (16 and 16)": True,
        "unequal shards (24 and 8)": False,
        "unequal shards, each loss weighed by its share": True,
        "a loss that is a sum": False,
        "batch-norm": False,
    },
    because="""
    Relative difference of the gradient to that of one process with all 32 samples: {equal:.0e} with 16 and 16.
    The average is over ranks, not samples: {unequal:.0%} with 24 and 8, mended by loss * samples * ranks / all
    samples ({weighed:.0e}). A summed loss gives {summed:.2f} of the gradient. Batch-norm takes each rank's own
    statistics: {norm:.0%}.
    """,
)
def averages_like_one_batch(here: Here) -> Outcome:
    """The gradient after one backward on two ranks against one process, five ways. Forks come before any backward here."""
    import torch
    import torch.nn.functional as F
    from torch import nn
    from torch.nn.parallel import DistributedDataParallel

    x, y = torch.randn(32, 8), torch.randint(0, 3, (32,))

    def model(norm: bool = False) -> nn.Module:
        torch.manual_seed(1)
        return nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16) if norm else nn.Tanh(), nn.Linear(16, 3))

    def backward(net: nn.Module, rows: slice, factor: float = 1.0, reduction: str = "mean") -> Tensor:
        loss = F.cross_entropy(net(x[rows]), y[rows], reduction=reduction) * factor
        loss.backward()  # type: ignore[no-untyped-call]  # torch gives it no types
        return _gradient(net)

    def work(rank: int) -> dict[str, Tensor]:
        half, part = (slice(16), slice(16, 32))[rank], (slice(24), slice(24, 32))[rank]
        return {
            "equal": backward(DistributedDataParallel(model()), half),
            "unequal": backward(DistributedDataParallel(model()), part),
            "weighed": backward(DistributedDataParallel(model()), part, (24, 8)[rank] * 2 / 32),
            "summed": backward(DistributedDataParallel(model()), half, reduction="sum"),
            "norm": backward(DistributedDataParallel(model(norm=True)), half),
        }

    got = _two_ranks(work)[0]
    whole = backward(model(), slice(32))
    references = {"summed": backward(model(), slice(32), reduction="sum"), "norm": backward(model(norm=True), slice(32))}
    apart = {
        name: float((gradient - references.get(name, whole)).norm() / references.get(name, whole).norm())
        for name, gradient in got.items()
    }
    names = {
        "equal": "equal shards (16 and 16)",
        "unequal": "unequal shards (24 and 8)",
        "weighed": "unequal shards, each loss weighed by its share",
        "summed": "a loss that is a sum",
        "norm": "batch-norm",
    }
    share = float(got["summed"].norm() / references["summed"].norm())
    return Outcome({case: apart[name] < 1e-5 for name, case in names.items()}, {**apart, "summed": share})


@claim(
    "c76",
    says="Going to DDP is: wrap the model, take a DistributedSampler, save on rank 0",
    source="the lesson",
    published={
        "another order each epoch": False,
        "each sample once an epoch (11 samples)": False,
        "the saved weights load into the bare model": False,
        "validation counts the whole set": False,
        "ranks drop different units": False,
        "as many steps of the same batch size as before": False,
    },
    because="""
    With these three alone on a loop of two epochs: weights equal on both ranks. But without set_epoch every
    epoch has the same order; the sampler pads 11 samples to {drawn}; the saved keys begin with {key}; rank 0's
    validation counts {seen} of 11 samples; a seed set alike on every rank draws the same dropout masks on all;
    and an epoch of 11 samples in batches of 2 takes {steps} steps of two batches, where it took {before} of
    one: the rate belongs to another batch size.
    """,
)
def three_changes_are_enough(here: Here) -> Outcome:
    """The three changes applied to a small loop on two ranks; what each rank saw is compared."""
    import torch
    from torch import nn
    from torch.nn.parallel import DistributedDataParallel
    from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

    data = TensorDataset(torch.arange(11), torch.randn(11, 4))

    def work(rank: int) -> dict[str, Any]:
        torch.manual_seed(0)  # as the loop did before
        model = DistributedDataParallel(nn.Sequential(nn.Linear(4, 64), nn.Dropout(0.5), nn.Linear(64, 1)))
        optimizer = torch.optim.AdamW(model.parameters())
        loader: Any = DataLoader(data, 2, sampler=DistributedSampler(data, 2, rank))
        seen: list[list[int]] = []
        steps = 0
        for _ in range(2):
            seen.append([])
            for rows, inputs in loader:
                seen[-1] += rows.tolist()
                optimizer.zero_grad()
                model(inputs).square().mean().backward()
                optimizer.step()
                steps += 1
        mask = (nn.functional.dropout(torch.ones(64)) == 0).tolist()
        if rank == 0:
            torch.save(model.state_dict(), "best.pt")
        validated = sum(len(rows) for rows, _ in loader)
        weights = [parameter.detach() for parameter in model.parameters()]
        return {"seen": seen, "mask": mask, "weights": weights, "validated": validated, "steps": steps // 2}

    first, second = _two_ranks(work)
    assert all(map(torch.equal, first["weights"], second["weights"])), "wrapping keeps the ranks together"
    key = next(iter(torch.load("best.pt")))
    drawn = first["seen"][0] + second["seen"][0]
    before = len(DataLoader(data, 2))
    return Outcome(
        cases={
            "another order each epoch": first["seen"][0] != first["seen"][1],
            "each sample once an epoch (11 samples)": len(drawn) == 11,
            "the saved weights load into the bare model": not key.startswith("module."),
            "validation counts the whole set": first["validated"] == 11,
            "ranks drop different units": first["mask"] != second["mask"],
            "as many steps of the same batch size as before": first["steps"] == before,
        },
        figures={
            "drawn": len(drawn),
            "key": key.split(".")[0] + ".",
            "seen": first["validated"],
            "steps": first["steps"],
            "before": before,
        },
    )
