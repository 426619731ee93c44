"""Claims about host and device: pinned memory, copies, and what happens where tensors do not meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glassloop.lab.claims import Figure, Here, Outcome, claim

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES_MIB = (1, 16, 256)


@claim(
    "c19",
    says="Pinned host memory shortens host-to-device copies",
    source="the essay, the article",
    published={
        "1 MiB, waiting": None,
        "16 MiB, waiting": None,
        "256 MiB, waiting": None,
        "256 MiB, beside a running kernel": None,
    },
    because="""
    Time of a copy from pageable over pinned memory: {ratios}. Without an accelerator there is nothing to pin for: a
    DataLoader with pin_memory=True gives tensors that are pinned: {pinned}, after a warning: {warns}.
    """,
)
def c19(here: Here) -> Outcome:
    """Copy times by size; without a GPU, what pin_memory=True does there."""
    import warnings

    import torch
    from torch.utils.data import DataLoader

    if here.cuda:
        return _copies(here.device)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        batch = next(iter(DataLoader(torch.zeros(8), 4, pin_memory=True)))  # type: ignore[arg-type]
    kinds = sorted({w.category.__name__ for w in said if "pin_memory" in str(w.message)})
    return Outcome({}, {"ratios": "not measured", "pinned": batch.is_pinned(), "warns": ", ".join(kinds) or "none"})


def _copies(device: str) -> Outcome:
    """Median seconds of copies of three sizes from pageable and from pinned memory, and a copy that need not wait."""
    import torch

    from glassloop.lab.claims.material import median_seconds

    pin = device == "cuda"
    ratios: dict[str, float] = {}
    for mib in SIZES_MIB:
        pageable = torch.zeros(mib * 2**18)
        pinned = pageable.pin_memory() if pin else pageable.clone()
        plain = median_seconds(lambda t=pageable: t.to(device), device)  # type: ignore[misc]
        quick = median_seconds(lambda t=pinned: t.to(device), device)  # type: ignore[misc]
        ratios[f"{mib} MiB, waiting"] = plain / quick
    work = torch.zeros(4096, 4096, device=device)

    def beside(source: Any) -> Callable[[], object]:
        return lambda: (work @ work, source.to(device, non_blocking=True))

    ratios["256 MiB, beside a running kernel"] = median_seconds(beside(pageable), device) / median_seconds(
        beside(pinned), device
    )
    text = ", ".join(f"{name}: {ratio:.2f}" for name, ratio in ratios.items())
    return Outcome({name: ratio > 1.1 for name, ratio in ratios.items()}, {"ratios": text, "pinned": pin, "warns": "none"})


@claim(
    "c20",
    says="Pinning helps only with workers",
    source="the essay",
    published={"on a GPU": None},
    because="""
    An epoch of 64 batches of 16 MiB through a DataLoader and onto the device, time unpinned over pinned: {zero:.2f}
    with 0 workers, {two:.2f} with 2.
    """,
    full=True,
    needs=("cuda",),
)
def c20(here: Here) -> Outcome:
    """The gain of pinning at 0 and at 2 workers; the claim holds where the first is none and the second is one."""
    gain = {workers: _epoch(workers, False, here.device) / _epoch(workers, True, here.device) for workers in (0, 2)}
    return Outcome({"on a GPU": gain[0] < 1.05 and gain[2] > 1.1}, {"zero": gain[0], "two": gain[2]})


@claim(
    "c21",
    says="Pinning and 4 workers together shorten an epoch to 95 of 120 units (1.26 times quicker)",
    source="the article",
    published={"on a GPU, samples read in batches of 16 MiB": None},
    because="""
    Time over that of 0 workers without pinning: pinning alone {pinned:.2f}, 4 workers alone {workers:.2f}, both
    {both:.2f}. The kind of loading decides, see c14: for samples in memory workers make it slower on any machine.
    """,
    full=True,
    needs=("cuda",),
)
def c21(here: Here) -> Outcome:
    """Both switches alone and together; the claim holds within a quarter of its gain."""
    bare = _epoch(0, False, here.device)
    pinned, workers, both = (_epoch(n, pin, here.device) / bare for n, pin in ((0, True), (4, False), (4, True)))
    figures: dict[str, Figure] = {"pinned": pinned, "workers": workers, "both": both}
    return Outcome({"on a GPU, samples read in batches of 16 MiB": abs(both - 95 / 120) < 0.05}, figures)


def _epoch(workers: int, pin: bool, device: str) -> float:
    """Median seconds to bring 64 batches of 16 MiB onto the device and multiply them there."""
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    from glassloop.lab.claims.material import median_seconds

    rows, width = 64 * 64, 2**16
    data = TensorDataset(torch.zeros(rows, width) if device == "cuda" else torch.zeros(rows, 16))
    loader = DataLoader(data, 64, num_workers=workers, pin_memory=pin and device == "cuda", persistent_workers=workers > 0)

    def run() -> None:
        for (x,) in loader:
            moved = x.to(device, non_blocking=True)
            moved @ moved.T

    return median_seconds(run, device, rounds=3)


@claim(
    "c28",
    says="Tensors on different devices give an error or a silent transfer",
    source="the loop post",
    published={
        "input on another device than the model": True,
        "target on another device than the output": True,
        "a 0-dim tensor on the CPU": True,
        "an index tensor on the CPU": True,
        "parameters of two devices in one optimizer": False,
        "on a GPU": None,
    },
    because="""
    Tried with torch's 'meta' as the other device: an input {input}, a target {target}. Silent are a 0-dim CPU tensor
    ({scalar}) and a CPU index tensor ({index}): each is read or copied at every use, which on a GPU is a hidden
    transfer. No transfer and no error: an optimizer that holds parameters of two devices {optimizer}, each updated
    where it lies.
    """,
)
def c28(here: Here) -> Outcome:
    """Every pairing, with the meta device as the other one, or with the GPU where there is one."""
    words = {name: _try(work) for name, work in _pairings("meta").items()}
    loud = "raises"
    cases = {
        "input on another device than the model": words["input"].startswith(loud),
        "target on another device than the output": words["target"].startswith(loud),
        "a 0-dim tensor on the CPU": words["scalar"] == "runs",
        "an index tensor on the CPU": words["index"] == "runs",
        "parameters of two devices in one optimizer": words["optimizer"].startswith(loud),
    }
    if here.cuda:
        there = {name: _try(work) for name, work in _pairings("cuda").items()}
        cases["on a GPU"] = there["input"].startswith(loud) and there["target"].startswith(loud) and there["index"] == "runs"
    return Outcome(cases, dict(words))


def _pairings(device: str) -> dict[str, Callable[[], object]]:
    import torch
    from torch import nn

    model = nn.Linear(4, 3).to(device)
    there, here = torch.zeros(2, 4, device=device), torch.zeros(2, 4)

    def step() -> None:
        parameters = [nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(2, device=device))]
        for p in parameters:
            p.grad = torch.ones_like(p)
        torch.optim.SGD(parameters, lr=0.1).step()

    return {
        "input": lambda: model(here),
        "target": lambda: nn.functional.mse_loss(there, here),
        "scalar": lambda: there * torch.tensor(2.0),
        "index": lambda: there[torch.tensor([0])],
        "optimizer": step,
    }


def _try(work: Callable[[], object]) -> str:
    try:
        work()
    except (RuntimeError, NotImplementedError) as error:
        return f"raises {type(error).__name__}"
    return "runs"
