"""What the experiments are made of: data, a network, a loop whose lines can be put in any order, and measures.

Unless an experiment says otherwise: the spiral of three classes, a 2-64-64-3 network, batches of 64, float32.
"""

from __future__ import annotations

import math
import statistics
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

MIB = 2**20


def spiral(seed: int, points: int = 300, noise: float = 0.25) -> tuple[Tensor, Tensor]:
    """Three arms of `points` points: x (3*points, 2) in about [-1, 1], y (3*points,) in 0..2; sorted by class."""
    generator = torch.Generator().manual_seed(seed)
    radius = torch.linspace(0.05, 1, points)
    arms = []
    for arm in range(3):
        angle = 4 * radius + 2 * math.pi * arm / 3 + noise * torch.randn(points, generator=generator)
        arms.append(torch.stack([radius * angle.cos(), radius * angle.sin()], 1))
    return torch.cat(arms), torch.arange(3).repeat_interleave(points)


def mlp(*extra: nn.Module, width: int = 64) -> nn.Sequential:
    """A 2-width-width-3 network; `extra` modules (dropout, batch-norm) stand after its first activation."""
    return nn.Sequential(nn.Linear(2, width), nn.ReLU(), *extra, nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 3))


def batches(x: Tensor, y: Tensor, epoch: int, seed: int = 0, size: int = 64) -> Iterator[tuple[Tensor, Tensor]]:
    """One shuffled pass: the order is a function of (seed, epoch) alone, so that two runs see the same batches."""
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(1000 * seed + epoch))
    for index in torch.split(order, size):
        yield x[index], y[index]


def weights(model: nn.Module) -> Tensor:
    """All parameters in one vector, copied."""
    return torch.cat([p.detach().flatten() for p in model.parameters()]).clone()


def same(a: Tensor, b: Tensor) -> bool:
    """Equal bit for bit (NaN equals NaN)."""
    return torch.equal(a.view(torch.int32), b.view(torch.int32))


@dataclass
class Trained:
    """What a run of `train` left: the norm of the gradients at each step, and how many steps used another batch's, too."""

    model: nn.Module
    start: Tensor
    norms: list[float] = field(default_factory=list)
    wrong: int = 0

    @property
    def end(self) -> Tensor:
        """The weights after the run, as one vector."""
        return weights(self.model)


OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {"sgd": torch.optim.SGD, "adamw": torch.optim.AdamW}


def train(
    order: str = "zero forward backward step",
    *,
    seed: int = 0,
    epochs: int = 1,
    optimizer: str = "adamw",
    lr: float = 1e-2,
    limit: float = 0.1,
    extra: Callable[[], Sequence[nn.Module]] = tuple,
    prepare: Callable[[nn.Module, int], object] = lambda model, epoch: model.train(),
) -> Trained:
    """Train on the spiral with the lines of an iteration in the given order.

    The words are zero, forward, backward, clip (norm `limit`) and step. `prepare(model, epoch)` comes before each epoch.
    """
    x, y = spiral(seed)
    torch.manual_seed(seed)
    model = mlp(*extra())
    parameters = list(model.parameters())
    update = OPTIMIZERS[optimizer](parameters, lr=lr)
    run = Trained(model, weights(model))
    for epoch in range(epochs):
        prepare(model, epoch)
        for bx, by in batches(x, y, epoch, seed):
            _iteration(order, run, update, parameters, (bx, by), limit)
    return run


def _iteration(
    order: str,
    run: Trained,
    update: torch.optim.Optimizer,
    parameters: Sequence[Tensor],
    batch: tuple[Tensor, Tensor],
    limit: float,
) -> None:
    loss = torch.zeros(())
    own: tuple[Tensor, ...] = ()
    for word in order.split():
        if word == "zero":
            update.zero_grad()
        elif word == "forward":
            loss = cross_entropy(run.model(batch[0]), batch[1])
        elif word == "backward":
            before = [None if p.grad is None else p.grad.clone() for p in parameters]
            loss.backward()
            made = zip(parameters, before, strict=True)
            own = tuple(p.grad if b is None else p.grad - b for p, b in made if p.grad is not None)
        elif word == "clip":
            nn.utils.clip_grad_norm_(parameters, limit)
        elif word == "step":
            used = [p.grad for p in parameters if p.grad is not None]
            run.norms.append(float(nn.utils.get_total_norm(used)) if used else 0.0)
            run.wrong += not _alike(used, own)
            update.step()


def _alike(used: Sequence[Tensor], own: Sequence[Tensor]) -> bool:
    """Whether the gradients in place are the batch's own, to rounding."""
    pairs = zip(used, own, strict=False)
    return len(used) == len(own) and all(a is b or torch.allclose(a, b, rtol=1e-3, atol=1e-6) for a, b in pairs)


def accuracy(model: nn.Module, seed: int) -> float:
    """Share of right answers on a validation draw of the spiral, in evaluation mode; the mode is put back."""
    x, y = spiral(seed + 1000)
    mode = model.training
    model.eval()
    with torch.no_grad():
        right = (model(x).argmax(1) == y).float().mean().item()
    model.train(mode)
    return float(right)


class LiveBytes(TorchDispatchMode):
    """Counts the bytes of tensors made inside the block: those `alive` now, and the `peak`. Exact, on any device.

    A storage counts once however many views it has, until nothing (a graph neither) holds it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.alive = self.peak = 0
        self._known: weakref.WeakKeyDictionary[Any, bool] = weakref.WeakKeyDictionary()

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        for tensor in tree_iter(result):
            if isinstance(tensor, Tensor):
                self._meet(tensor.untyped_storage())
        return result

    def _meet(self, storage: Any) -> None:
        if storage in self._known:
            return
        self._known[storage] = True
        size = storage.nbytes()
        self.alive += size
        self.peak = max(self.peak, self.alive)
        weakref.finalize(storage, self._forget, size)

    def _forget(self, size: int) -> None:
        self.alive -= size


def median_seconds(work: Callable[[], object], device: str = "cpu", rounds: int = 5) -> float:
    """Median wall time of a call, after one that is not counted; waits for the device."""
    times = []
    for _ in range(rounds + 1):
        wait_for(device)
        began = time.perf_counter()
        work()
        wait_for(device)
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


def wait_for(device: str) -> None:
    """Until the GPU has done what it was told; nothing to wait for elsewhere."""
    if device == "cuda":
        torch.cuda.synchronize()


def count_operations(work: Callable[[], object]) -> int:
    """How many tensor operations a call runs, those of its backwards too; the same on any machine."""
    with _Count() as counter:
        work()
    return int(counter.operations)


class _Count(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.operations = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.operations += 1
        return function(*args, **(kwargs or {}))
