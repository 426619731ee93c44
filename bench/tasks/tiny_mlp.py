"""A network so small that a step is mostly Python and dispatch: what a loop adds stands out as nowhere else."""

import os
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from torchmetrics import MetricCollection
from torchmetrics.classification import MulticlassAccuracy

from glassloop.kit.data import InMemory

NAME = "tiny_mlp"
DEFAULTS = {"batch_size": 64, "lr": 1e-3}
GOAL = ("val_accuracy", "max")
SPLIT = "random points, the last batch of them for validation"
STEPS_PER_EPOCH = int(os.environ.get("BENCH_STEPS", "500"))  # as 60,000 samples in batches of 120 have
FEATURES, CLASSES = 32, 10


def make_data() -> tuple[InMemory, InMemory]:
    """Points labelled by a fixed random map, in memory; validation is one batch, because evaluating is no overhead."""
    generator = torch.Generator().manual_seed(0)
    labeller = torch.randn(FEATURES, CLASSES, generator=generator)
    size = STEPS_PER_EPOCH * DEFAULTS["batch_size"]
    points = torch.randn(size + DEFAULTS["batch_size"], FEATURES, generator=generator)
    labels = (points @ labeller).argmax(1)
    return InMemory(points[:size], labels[:size]), InMemory(points[size:], labels[size:])


def make_model() -> nn.Module:
    """(B, 32) -> (B, 10): four linear layers, 11,082 parameters."""
    return nn.Sequential(
        *(nn.Linear(FEATURES, 64), nn.ReLU()), *(nn.Linear(64, 64), nn.ReLU()), *(nn.Linear(64, 64), nn.ReLU()),
        nn.Linear(64, CLASSES),
    )  # fmt: skip


def loss(model, batch):
    """Mean cross-entropy, and the logits."""
    points, labels = batch
    logits = model(points)
    return F.cross_entropy(logits, labels), logits


def count(batch) -> int:
    """Over how many items `loss` is a mean."""
    return len(batch[1])


def make_metrics() -> MetricCollection:
    """What is measured on the validation set."""
    return MetricCollection({"accuracy": MulticlassAccuracy(CLASSES, average="micro", validate_args=False)})


def measure(metrics, logits, batch) -> None:
    """Add a batch to the metrics."""
    metrics.update(logits, batch[1])


def after_epoch(model, epoch: int, folder: Path) -> None:
    """No pictures: they would be this task's cost, not the loop's."""


def after_training(model, folder: Path) -> None:
    """Nothing to join."""
