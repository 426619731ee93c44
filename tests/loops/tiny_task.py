"""A task as small as a test can have it, with what makes loops differ: batch-norm, dropout, a short last batch.

`make_tiny` copies it beside a loop as task.py, with lines appended that replace a part of it.
"""

import torch
import torch.nn.functional as F
from torch import nn
from torchmetrics import MetricCollection

from glassloop.kit.data import InMemory

NAME = "tiny"
SPLIT = "the first 44 rows train, the other 10 validate"
DEFAULTS = {"epochs": 2, "batch_size": 8, "lr": 1e-2, "threads": 1}
GOAL = ("val_loss", "min")


def rows():
    """54 rows of 4 numbers, and which of 3 classes each is."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(54, 4, generator=generator)
    return x, (x @ torch.randn(4, 3, generator=generator)).argmax(1)


def make_data():
    x, y = rows()
    return InMemory(x[:44], y[:44]), InMemory(x[44:], y[44:])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Linear(a, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2)) for a in (4, 16)
        )
        self.head = nn.Linear(16, 3)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(x)


def make_model():
    return Net()


def loss(model, batch):
    outputs = model(batch[0])
    return F.cross_entropy(outputs, batch[1]), outputs


def count(batch):
    return len(batch[1])


def make_metrics():
    return MetricCollection({})


def measure(metrics, outputs, batch):
    pass


def after_epoch(model, epoch, folder):
    pass


def after_training(model, folder):
    pass
