"""Claims about several backwards before one step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glassloop.lab.claims import Figure, Here, Outcome, claim

if TYPE_CHECKING:
    from torch import Tensor, nn

K = 4


@claim(
    "c30",
    says="Several backwards before one step give the gradient of the large batch",
    source="the article",
    published={
        "losses divided by their number": True,
        "losses not divided": False,
        "divided, with batch-norm": False,
        "divided, with two dropout layers": False,
        "divided, ignored targets spread unevenly": False,
        "sums divided by the count of targets": True,
    },
    because="""
    Relative difference to the gradient of one batch of 64, as four of 16: {divided:.0e} divided by 4; undivided it is
    {factor:.1f} times the gradient. Batch-norm normalises each micro-batch by itself: {batch_norm:.0%}. Two dropout
    layers draw their masks in another order: {dropout:.0%} (one layer alone draws row by row, the same masks from the
    same seed on a CPU: {one_dropout:.0e}). Where a mean counts another number of targets in each micro-batch:
    {uneven:.0%}, and {counted:.0e} when losses are summed and divided by the whole count. (Medians over {seeds} seeds.)
    """,
)
def c30(here: Here) -> Outcome:
    """Relative differences of gradients, medians over seeds."""
    from statistics import median

    from torch import nn

    seeds = range(5 if here.full else 2)
    no_extra: tuple[Any, ...] = ()
    ways: dict[str, tuple[tuple[Any, ...], float, bool, bool]] = {  # extra modules, divisor, uneven targets, sums by count
        "divided": (no_extra, K, False, False),
        "undivided": (no_extra, 1, False, False),
        "batch_norm": ((lambda: nn.BatchNorm1d(64),), K, False, False),
        "one_dropout": ((lambda: nn.Dropout(0.3),), K, False, False),
        "dropout": ((lambda: nn.Dropout(0.3), lambda: nn.Dropout(0.3)), K, False, False),
        "uneven": (no_extra, K, True, False),
        "counted": (no_extra, K, True, True),
    }
    gap = {name: median(_gap(seed, *way) for seed in seeds) for name, way in ways.items()}
    return Outcome(
        cases={
            "losses divided by their number": gap["divided"] < 1e-4,
            "losses not divided": gap["undivided"] < 1e-4,
            "divided, with batch-norm": gap["batch_norm"] < 1e-2,
            "divided, with two dropout layers": gap["dropout"] < 1e-2,
            "divided, ignored targets spread unevenly": gap["uneven"] < 1e-2,
            "sums divided by the count of targets": gap["counted"] < 1e-4,
        },
        figures={**gap, "factor": gap["undivided"] + 1, "seeds": len(seeds)},
    )


def _gap(seed: int, extra: tuple[Any, ...], divisor: float, uneven: bool, counted: bool) -> float:
    """|accumulated - large| / |large| of the gradients of one batch of 64."""
    import torch

    from glassloop.lab.claims.material import mlp, spiral

    x, y = spiral(seed)
    torch.manual_seed(seed)
    index = torch.randperm(len(x))[:64]
    x, y = x[index], y[index].clone()
    if uneven:
        y[:14] = -100  # cross_entropy's ignored target: nearly all of the first micro-batch
    model = mlp(*(make() for make in extra))
    torch.manual_seed(seed)
    large = _gradient(model, [(x, y)], 1, 0)
    torch.manual_seed(seed)
    count = int((y != -100).sum()) if counted else 0
    small = _gradient(model, list(zip(x.chunk(K), y.chunk(K), strict=True)), divisor, count)
    return float((small - large).norm() / large.norm())


def _gradient(model: nn.Module, parts: list[tuple[Tensor, Tensor]], divisor: float, count: int) -> Tensor:
    """All gradients after a backward of each part; with a count, sums over it instead of means over the divisor."""
    import torch
    from torch.nn.functional import cross_entropy

    model.zero_grad()
    for x, y in parts:
        loss = cross_entropy(model(x), y, reduction="sum" if count else "mean")
        (loss / (count or divisor)).backward()
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


@claim(
    "c31",
    says="Accumulation costs time",
    source="the article",
    published={
        "the work of the same micro-batches, counted": False,
        "their time on this CPU": False,
        "their time on a GPU": None,
    },
    because="""
    {micro} micro-batches of 32 through a 0.27-million-parameter network with AdamW, a step after every fourth against
    one after each: {ops_four:.0f} operations against {ops_one:.0f}, because there are fewer steps; {time_ratio:.2f}
    times the time. What costs is micro-batches where the large batch would have fitted: {ops_large:.0f} operations.
    """,
)
def c31(here: Here) -> Outcome:
    """Operations and seconds of the same micro-batches with 1 and with 4 to a step, and of one large batch."""
    from glassloop.lab.claims.material import count_operations, median_seconds

    micro = 200 if here.full else 8
    ops = {name: count_operations(_epoch(micro, every, size, "cpu")) for name, every, size in _ARMS}
    figures = {"micro": micro, **{f"ops_{name}": float(number) for name, number in ops.items()}}
    cases = {"the work of the same micro-batches, counted": ops["four"] >= ops["one"]}
    for device in ("cpu", "cuda") if here.cuda else ("cpu",) if here.full else ():
        one, four = (median_seconds(_epoch(micro, every, 32, device), device) for every in (1, 4))
        figures[f"{device}_ratio"] = four / one
        cases["their time on a GPU" if device == "cuda" else "their time on this CPU"] = four > 1.05 * one
    return Outcome(cases, figures)


_ARMS = (("one", 1, 32), ("four", 4, 32), ("large", 1, 128))


def _epoch(micro: int, every: int, size: int, device: str) -> Any:
    """A call that trains on `micro` * 32 samples in batches of `size`, a step after `every` of them."""
    import torch
    from torch import nn
    from torch.nn.functional import cross_entropy

    model = nn.Sequential(nn.Linear(256, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10)).to(device)
    optimizer = torch.optim.AdamW(model.parameters())
    x, y = torch.randn(size, 256, device=device), torch.randint(10, (size,), device=device)

    def train() -> None:
        for number in range(micro * 32 // size):
            (cross_entropy(model(x), y) / every).backward()
            if (number + 1) % every == 0:
                optimizer.step()
                optimizer.zero_grad()

    return train


@claim(
    "c32",
    says="Accumulation leaves memory as it is",
    source="the article",
    published={
        "activations, against one micro-batch": True,
        "peak, against one micro-batch": False,
        "peak, against the large batch": False,
        "a GPU's peak, against one micro-batch": None,
    },
    because="""
    Bytes counted over a step of a 256-{width}-{width}-10 network. Activations are those of one micro-batch. The peak is
    {plain:.0f} MiB at batch {small} and {accumulated:.0f} MiB with four of them a step ({ratio:.2f} times): the sum of
    gradients lives on while the next micro-batch goes forward and backward. One batch of {big} needs {large:.0f} MiB,
    so accumulation does not leave memory as it is: it saves, as it is meant to.
    """,
)
def c32(here: Here) -> Outcome:
    """Peak bytes of a plain step, of four micro-batches and of one batch as large."""
    small = 1024 if here.full else 512
    width = 1024 if here.full else 256
    ways = ((small, 1), (small, K), (small * K, 1))
    plain, accumulated, large = (_peak(size, parts, width) for size, parts in ways)
    cases = {
        "activations, against one micro-batch": abs(accumulated[1] - plain[1]) < 0.01,
        "peak, against one micro-batch": accumulated[0] < 1.05 * plain[0],
        "peak, against the large batch": accumulated[0] > 0.95 * large[0],
    }
    figures: dict[str, Figure] = {
        "width": width,
        "small": small,
        "big": small * K,
        "plain": plain[0],
        "accumulated": accumulated[0],
        "large": large[0],
        "ratio": accumulated[0] / plain[0],
    }
    if here.cuda:
        one, four = (_peak(size, parts, width, "cuda")[0] for size, parts in ways[:2])
        cases["a GPU's peak, against one micro-batch"], figures["gpu_ratio"] = four < 1.05 * one, four / one
    return Outcome(cases, figures)


def _peak(size: int, parts: int, width: int, device: str = "cpu") -> tuple[float, float]:
    """MiB at the peak of a step of `parts` backwards, the inputs left out; MiB that one forward keeps.

    On a GPU the peak is the allocator's own, weights and inputs included.
    """
    import torch
    from torch import nn
    from torch.nn.functional import cross_entropy

    from glassloop.lab.claims.material import MIB, LiveBytes

    layers = (nn.Linear(256, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10))
    model = nn.Sequential(*layers).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x, y = torch.randn(size, 256, device=device), torch.randint(10, (size,), device=device)
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    with LiveBytes() as live:
        loss = cross_entropy(model(x), y)
        kept = live.alive / MIB
        for part in range(parts):
            if part:
                loss = cross_entropy(model(x), y)
            loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    peak = torch.cuda.max_memory_allocated() if device == "cuda" else live.peak
    return peak / MIB, kept
