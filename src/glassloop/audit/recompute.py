"""A program of its own: the gradient of one recorded step of the production loop, computed again and tried.

    python -m glassloop.audit.recompute SOURCE CHECKPOINT SEED

It runs the recorded task.py: only `glassloop audit --gradients` starts it, once somebody has agreed. From the checkpoint it
builds the next step's batches, and says: the loss and the gradient norm as the loop computes them; the derivative of the
loss along the gradient and along random directions by central differences in float64, beside what the gradient says; and the
gradient of one big batch beside that of its parts.
"""

from __future__ import annotations

import importlib
import json
import math
import sys
from collections.abc import Callable
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import torch
from torch import nn

from glassloop.kit import checkpoint, data, seeding

STEP = 1e-5  # length of the way on either side
DIRECTIONS = 4  # random ones


class Step:
    """The step after a checkpoint: its batches, its model, and the generator's state from which its forwards draw."""

    def __init__(self, task: Any, found: checkpoint.Checkpoint) -> None:
        config, state = found.config, found.state
        torch.set_num_threads(config.get("threads") or torch.get_num_threads())
        train_set, _ = task.make_data()
        loader = data.make_loader(train_set, config["batch_size"], seed=config["seed"], shuffle=True, workers=0)
        data.order_of(loader).set_position(state["epoch"], state["batch"])
        self.task, self.model = task, task.make_model()
        self.model.load_state_dict(found.weights["model"])
        seeding.set_rng_state(state["rng"][0] if isinstance(state["rng"], list) else state["rng"])  # one for each process
        self.rng = torch.get_rng_state()
        self.batches = list(islice(loader, config["accumulate"]))

    def backward(self, batches: list[Any]) -> float:
        """As the loop does it; returns the loss of the last backward."""
        torch.set_rng_state(self.rng)
        self.model.zero_grad(set_to_none=True)
        items = sum(map(self.task.count, batches))
        value = math.nan
        for batch in batches:
            loss, _ = self.task.loss(self.model, batch)
            share = self.task.count(batch) / items
            loss = loss * share if share < 1 else loss
            torch.autograd.backward(loss)
            value = float(loss.detach())
        return value

    def loss(self) -> float:
        """The loss of all batches, with the same dropout each time."""
        torch.set_rng_state(self.rng)
        counts = [int(self.task.count(batch)) for batch in self.batches]
        with torch.no_grad():
            values = [float(self.task.loss(self.model, batch)[0]) for batch in self.batches]
        return math.fsum(value * count for value, count in zip(values, counts, strict=True)) / sum(counts)


def main(source: str, path: str, seed: str) -> None:
    """Writes the figures to stdout, as the last line, in JSON."""
    sys.path.insert(0, source)
    found = checkpoint.load(Path(path))
    step = Step(importlib.import_module("task"), found)
    step.model.train()
    figures: dict[str, Any] = {"step": found.step + 1, "loss": step.backward(step.batches)}
    figures["grad_norm"] = float(nn.utils.clip_grad_norm_(list(step.model.parameters()), math.inf))
    step.model.double()
    step.batches = [_double(batch) for batch in step.batches]
    step.backward(step.batches)
    params = [p for p in step.model.parameters() if p.grad is not None]
    figures["directions"] = _directions(params, step.loss, int(seed))
    step.model.eval()
    figures["accumulated"] = _accumulated(step, step.batches[0])
    sys.stdout.write(f"{json.dumps(figures)}\n")


def _directions(params: list[Any], loss: Callable[[], float], seed: int) -> list[dict[str, Any]]:
    """By direction: the derivative that the gradient states, and what the loss itself says by central differences."""
    grads = [p.grad.clone() for p in params]
    length = math.sqrt(sum(float(g.square().sum()) for g in grads))
    generator = torch.Generator().manual_seed(seed)
    ways = [("gradient", [g / length for g in grads])] if length else []
    for number in range(DIRECTIONS):
        drawn = [torch.randn(p.shape, generator=generator, dtype=p.dtype) for p in params]
        size = math.sqrt(sum(float(d.square().sum()) for d in drawn))
        ways.append((f"random {number + 1}", [d / size for d in drawn]))
    told = []
    for name, way in ways:
        ends = []
        for sign in (1, -2):  # there, and from there to the other side
            _move(params, way, sign * STEP)
            ends.append(loss())
        _move(params, way, STEP)
        stated = sum(float((g * d).sum()) for g, d in zip(grads, way, strict=True))
        told.append({"direction": name, "stated": stated, "found": (ends[0] - ends[1]) / (2 * STEP), "norm": length})
    return told


def _move(params: list[Any], way: list[Any], length: float) -> None:
    with torch.no_grad():
        for p, d in zip(params, way, strict=True):
            p.add_(d, alpha=length)


def _accumulated(step: Step, batch: Any) -> dict[str, Any] | None:
    """How far the gradient of a batch in parts is from that of the whole, without dropout and with fixed statistics."""
    if not isinstance(batch, (list, tuple)) or not all(isinstance(one, torch.Tensor) and one.ndim for one in batch):
        return None
    size, count = len(batch[0]), step.task.count
    cuts = [0, size // 3, size // 2, size]  # of unequal sizes, as a last batch is
    parts = [type(batch)(one[a:b] for one in batch) for a, b in pairwise(cuts)]
    if size < 6 or sum(map(count, parts)) != count(batch):
        return None
    step.backward([batch])
    whole = [p.grad.clone() for p in step.model.parameters() if p.grad is not None]
    step.backward(parts)
    summed = [p.grad for p in step.model.parameters() if p.grad is not None]
    apart = math.sqrt(sum(float((a - b).square().sum()) for a, b in zip(whole, summed, strict=True)))
    length = math.sqrt(sum(float(a.square().sum()) for a in whole))
    return {"parts": list(map(count, parts)), "relative": apart / length if length else apart}


def _double(batch: Any) -> Any:
    if isinstance(batch, torch.Tensor):
        return batch.double() if batch.is_floating_point() else batch
    if isinstance(batch, dict):
        return {name: _double(one) for name, one in batch.items()}
    return type(batch)(_double(one) for one in batch) if isinstance(batch, (list, tuple)) else batch


if __name__ == "__main__":
    main(*sys.argv[1:])
