"""Claims about memory that graphs hold. Bytes are counted as tensors come and go, so that they are exact on any machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glassloop.lab.claims import Figure, Here, Outcome, claim

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor


ROUNDS = 6


@claim(
    "c08",
    says="Validation without no_grad makes memory grow from batch to batch",
    source="the essay",
    published={
        "each loss takes the name of the last": False,
        "losses summed with .item()": False,
        "losses summed as tensors": True,
        "losses in a list": True,
        "outputs in a list": True,
    },
    because="""
    A graph lives as long as something holds its end. Growth over {rounds} batches of a 256-{width}-{width}-10 network,
    batch 256: {rebound:.1f} MiB where the loss is rebound, {item:.1f} where .item() is summed; {summed:.0f},
    {listed:.0f} and {outputs:.0f} MiB where the sum, the losses or the outputs are kept as tensors. Under no_grad the
    same: {summed_off:.1f}, {listed_off:.1f} and {outputs_off:.1f}. What no_grad always saves is the one graph of the
    current batch (c51).
    """,
)
def c08(here: Here) -> Outcome:
    """Bytes alive after 2 and after 2 + ROUNDS validation batches, for each way to keep a result."""
    import torch
    from torch.nn.functional import cross_entropy

    keepers: dict[str, tuple[str, Callable[[list[Any], Tensor, Tensor], object]]] = {
        "each loss takes the name of the last": ("rebound", lambda kept, loss, out: None),
        "losses summed with .item()": (
            "item",
            lambda kept, loss, out: kept.append((kept.pop() if kept else 0.0) + loss.item()),
        ),
        "losses summed as tensors": ("summed", lambda kept, loss, out: kept.append((kept.pop() if kept else 0.0) + loss)),
        "losses in a list": ("listed", lambda kept, loss, out: kept.append(loss)),
        "outputs in a list": ("outputs", lambda kept, loss, out: kept.append(out)),
    }
    width = 1024 if here.full else 256
    model, x, y = _network(width)
    cases: dict[str, bool] = {}
    figures: dict[str, Figure] = {"rounds": ROUNDS, "width": width}
    for name, (short, keep) in keepers.items():
        kept: list[Any] = []

        def batch(kept: list[Any] = kept, keep: Any = keep) -> None:
            out = model(x)
            keep(kept, cross_entropy(out, y), out)

        growth = _growth(batch)
        kept.clear()
        with torch.no_grad():
            figures[f"{short}_off"] = _growth(batch)
        figures[short] = growth
        cases[name] = growth > ROUNDS * 256 * width * 4 / 2**20 / 2  # half an activation a batch
    return Outcome(cases, figures)


@claim(
    "c10",
    says="Logging the loss tensor instead of .item() keeps the graph and its activations",
    source="the essay",
    published={
        "printed": False,
        "summed after backward": False,
        "listed after backward": False,
        "summed, no backward": True,
        "listed after backward(retain_graph=True)": True,
    },
    because="""
    Printing keeps nothing. After backward the activations are freed, and what a kept loss holds is the graph's nodes:
    {after_sum:.2f} MiB of tensors over {rounds} batches, though {nodes} nodes stay reachable from the sum. Without a
    backward, or with retain_graph=True, the activations stay: {no_backward:.0f} and {retained:.0f} MiB
    (256-{width}-{width}-10, batch 256).
    """,
)
def c10(here: Here) -> Outcome:
    """Bytes alive after 2 and after 2 + ROUNDS training batches, for each way to log."""
    width = 1024 if here.full else 256
    ways = {
        "printed": ("printed", "backward", "print"),
        "summed after backward": ("after_sum", "backward", "sum"),
        "listed after backward": ("after_list", "backward", "list"),
        "summed, no backward": ("no_backward", "", "sum"),
        "listed after backward(retain_graph=True)": ("retained", "retain", "list"),
    }
    cases: dict[str, bool] = {}
    figures: dict[str, Figure] = {"rounds": ROUNDS, "width": width}
    for name, (short, backward, log) in ways.items():
        kept: list[Any] = []
        growth = _growth(_training_batch(width, backward, log, kept))
        figures[short] = growth
        cases[name] = growth > ROUNDS * 256 * width * 4 / 2**20 / 2
        if short == "after_sum":
            figures["nodes"] = _nodes(kept[0])
    return Outcome(cases, figures)


@claim(
    "c26",
    says="retain_graph=True costs much memory",
    source="the loop post",
    published={"after the step, loss rebound": False, "after the step, losses kept": True, "peak within a step": False},
    because="""
    Growth over {rounds} batches: {rebound:.1f} MiB where the loss is rebound, {kept:.0f} MiB where the losses are kept.
    Within a step (12 blocks of Linear and ReLU, width 512, batch {batch}) backward cannot free activations on its way,
    so gradients come on top: the peak is {peak_retained:.0f} instead of {peak_plain:.0f} MiB, {peak_ratio:.2f} times.
    """,
)
def c26(here: Here) -> Outcome:
    """Growth over batches, and the peak within one, with the flag and without."""
    from torch import nn, randn

    from glassloop.lab.claims.material import MIB, LiveBytes

    width = 1024 if here.full else 256
    rebound = _growth(_training_batch(width, "retain", "", []))
    kept = _growth(_training_batch(width, "retain", "list", []))
    blocks = nn.Sequential(*(nn.Sequential(nn.Linear(512, 512), nn.ReLU()) for _ in range(12)))
    x = randn(2048 if here.full else 256, 512)
    peaks = {}
    for retain in (False, True):
        blocks.zero_grad()
        with LiveBytes() as live:
            blocks(x).sum().backward(retain_graph=retain)
        peaks[retain] = live.peak / MIB
    ratio = peaks[True] / peaks[False]
    much = ROUNDS * 256 * width * 4 / MIB / 2
    return Outcome(
        cases={
            "after the step, loss rebound": rebound > much,
            "after the step, losses kept": kept > much,
            "peak within a step": ratio > 1.5,
        },
        figures={
            "rounds": ROUNDS,
            "batch": len(x),
            "rebound": rebound,
            "kept": kept,
            "peak_plain": peaks[False],
            "peak_retained": peaks[True],
            "peak_ratio": ratio,
        },
    )


def _network(width: int) -> tuple[Any, Tensor, Tensor]:
    import torch
    from torch import nn

    model = nn.Sequential(nn.Linear(256, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10))
    return model, torch.randn(256, 256), torch.randint(10, (256,))


def _training_batch(width: int, backward: str, log: str, kept: list[Any]) -> Callable[[], None]:
    """A batch that walks the graph (backward, retain or not at all) and logs the loss tensor (print, sum, list or not)."""
    from torch.nn.functional import cross_entropy

    model, x, y = _network(width)

    def batch() -> None:
        model.zero_grad(set_to_none=False)
        loss = cross_entropy(model(x), y)
        if backward:
            loss.backward(retain_graph=backward == "retain")
        if log == "print":
            str(loss)  # what print does with it
        elif log == "sum":
            kept.append((kept.pop() if kept else 0.0) + loss)
        elif log == "list":
            kept.append(loss)

    return batch


def _growth(batch: Callable[[], None]) -> float:
    """MiB that ROUNDS more batches leave alive, after two."""
    from glassloop.lab.claims.material import MIB, LiveBytes

    with LiveBytes() as live:
        for _ in range(2):
            batch()
        before = live.alive
        for _ in range(ROUNDS):
            batch()
        return float(live.alive - before) / MIB


def _nodes(loss: Tensor) -> int:
    """Nodes of the graph behind a tensor."""
    seen, waiting = set(), [loss.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting += [parent for parent, _ in node.next_functions]
    return len(seen)
