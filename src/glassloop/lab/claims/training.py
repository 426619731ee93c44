"""Real scans of digits, two classifiers, and a right training loop with settings. Loads torch.

For loops whose lines change places see `material`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import Tensor, nn

from glassloop.lab.claims.material import batches

Pair = tuple[Tensor, Tensor]


def digits(train: int = 1437) -> tuple[Pair, Pair]:
    """scikit-learn's scans of digits, (n, 64) in [0, 1]: `train` for training, 360 others to validate, one fixed mixing."""
    scans = load_digits()
    mixed = np.random.default_rng(0).permutation(len(scans.target))
    images = torch.tensor(scans.data[mixed], dtype=torch.float32) / 16
    labels = torch.tensor(scans.target[mixed], dtype=torch.int64)
    return (images[360 : 360 + train], labels[360 : 360 + train]), (images[:360], labels[:360])


def network(
    inputs: int = 2, classes: int = 3, width: int = 64, middle: Callable[[], nn.Module] | None = None
) -> nn.Sequential:
    """inputs-width-width-classes with ReLU; `middle()` gives a layer (dropout, batch-norm) put before each ReLU."""
    layers: list[nn.Module] = []
    for size in (inputs, width):
        layers += [nn.Linear(size, width), *([middle()] if middle else []), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, classes))


class Reader(nn.Module):
    """A transformer that reads an 8x8 scan as eight rows: two layers, 32 wide; (B, 64) -> (B, 10) logits."""

    def __init__(self, norm_first: bool = False, dropout: float = 0.0, layers: int = 2) -> None:
        super().__init__()
        self.embed = nn.Linear(8, 32)
        self.place = nn.Parameter(torch.randn(8, 32) * 0.02)
        layer = nn.TransformerEncoderLayer(32, 2, 64, dropout, batch_first=True, norm_first=norm_first)
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.head = nn.Linear(32, 10)

    def forward(self, scans: Tensor) -> Tensor:
        """Logits of each scan."""
        rows = self.embed(scans.view(-1, 8, 8)) + self.place
        logits: Tensor = self.head(self.layers(rows).mean(1))
        return logits


@dataclass
class Recipe:
    """How `fit` trains; `rate` maps the steps taken to a factor of `lr`, `weigh` a step to a factor of its loss."""

    lr: float = 1e-2
    epochs: int = 20
    batch: int = 64
    optimizer: str = "AdamW"
    clip: float | None = None
    shuffle: bool = True
    rate: Callable[[int], float] = lambda step: 1.0
    weigh: Callable[[int], float] = lambda step: 1.0
    after_step: Callable[[nn.Module], None] | None = None
    settings: dict[str, float] = field(default_factory=dict)


def fit(model: nn.Module, data: Pair, recipe: Recipe, seed: int) -> list[float]:
    """Train in the mode the model is in; gives the loss of each step (NaN from where it stopped being a number)."""
    optimizer = getattr(torch.optim, recipe.optimizer)(model.parameters(), lr=recipe.lr, **recipe.settings)
    losses: list[float] = []
    for epoch in range(recipe.epochs):
        for inputs, targets in _pass(data, recipe, epoch, seed):
            step = len(losses)
            for group in optimizer.param_groups:
                group["lr"] = recipe.lr * recipe.rate(step)
            loss = F.cross_entropy(model(inputs), targets)
            optimizer.zero_grad()
            (loss * recipe.weigh(step)).backward()  # type: ignore[no-untyped-call]  # torch gives it no types
            if recipe.clip is not None:
                nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
            optimizer.step()
            losses.append(loss.item())
            if recipe.after_step:
                recipe.after_step(model)
            if losses[-1] != losses[-1]:
                return losses
    return losses


def _pass(data: Pair, recipe: Recipe, epoch: int, seed: int) -> Iterable[Pair]:
    if recipe.shuffle:
        return batches(*data, epoch, seed, recipe.batch)
    return zip(torch.split(data[0], recipe.batch), torch.split(data[1], recipe.batch), strict=True)


@torch.no_grad()
def score(model: nn.Module, data: Pair) -> tuple[float, float]:
    """Mean cross-entropy and accuracy over `data` in evaluation mode; the mode is as before afterwards."""
    before = model.training
    model.eval()
    logits = model(data[0])
    model.train(before)
    return F.cross_entropy(logits, data[1]).item(), (logits.argmax(1) == data[1]).float().mean().item()


def saved_bytes(forward: Callable[[], object]) -> int:
    """Bytes of the distinct storages that autograd keeps for the backward of one `forward`, weights among them."""
    kept: dict[int, int] = {}

    def pack(saved: Tensor) -> Tensor:
        storage = saved.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return saved

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda saved: saved):
        result = forward()
    del result  # held until here, so that no address was used twice
    return sum(kept.values())
