"""What the five tasks train on and with; each module makes the same samples for every row of the table."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset, Sampler

from glassloop.kit import seeding
from glassloop.speed.catalogue import BATCH, TASKS, Settings

SEED = 0
Batches = Callable[[int], Iterator[tuple[Tensor, Tensor]]]  # epoch -> its batches


class Order(Sampler[Any]):
    """The order of an epoch, a pure function of its number, so that every row sees the same samples in the same order.

    It costs what `shuffle=True` does: one permutation an epoch, one index a sample.
    """

    def __init__(self, size: int) -> None:
        self.size, self.epoch = size, 0

    def rows(self, epoch: int) -> Tensor:
        """Which samples, in order: (size,) int64."""
        return torch.from_numpy(seeding.permutation(self.size, SEED, epoch))

    def addresses(self, epoch: int) -> list[Any]:
        """What a data set is asked for, sample by sample."""
        return self.rows(epoch).tolist()

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[Any]:
        yield from self.addresses(self.epoch)


@dataclass(frozen=True)
class Material:
    """A task: what the standard loop's DataLoader reads, and how the tuned loop gets the same batches."""

    dataset: Dataset[Any]
    order: Order
    make_model: Callable[[Settings], nn.Module]  # the same weights for the same seed, whatever the settings
    loss: Callable[[Tensor, Tensor], Tensor]
    batches: Callable[[Settings, torch.device], Batches]
    bytes_cached: int = 0  # files: how much memory their decoded pictures take

    @property
    def steps(self) -> int:
        """Batches an epoch; the last may be smaller."""
        return -(-self.order.size // BATCH)


def make(task: str, folder: Path) -> Material:
    """The material of a task; `folder` holds its files, where it has some (`prepare`)."""
    module: Any = importlib.import_module(f"{__name__}.{TASKS[task].module}")
    made: Material = module.make(task, folder)
    return made


def prepare(task: str, folder: Path) -> None:
    """Render a task's files into `folder`, where it has some."""
    module: Any = importlib.import_module(f"{__name__}.{TASKS[task].module}")
    if hasattr(module, "render"):
        module.render(task, folder)


def by_index(order: Order, inputs: Tensor, targets: Tensor) -> Callable[[Settings, torch.device], Batches]:
    """Batches of tensors in memory: two gathers a batch, where a DataLoader reads and collates 32 samples."""

    def make_batches(settings: Settings, device: torch.device) -> Batches:
        on_device = inputs.to(device), targets.to(device)

        def batches(epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
            for rows in torch.split(order.rows(epoch).to(device), BATCH):
                yield on_device[0].index_select(0, rows), on_device[1].index_select(0, rows)

        return batches

    return make_batches


def draws(size: int, epoch: int, count: int) -> np.ndarray[Any, Any]:
    """`count` uniform numbers for each sample of an epoch, (size, count): the same in every row of the table."""
    numbers: np.ndarray[Any, Any] = seeding.uniform(SEED, epoch, np.arange(size), count).numpy()
    return numbers
