"""A table: a small network on scikit-learn's breast cancer (569 real cases, 30 measurements), or on a CSV file of yours.

Reaches a validation accuracy of 0.95 or more on breast cancer, in seconds; a logistic regression reaches 0.98 on the same
rows: a table this small is no place for a network to win. With DATA = "diabetes" and KIND = "regression" (442 patients, how
far the illness went in a year) an R2 of 0.33 or more, which is what a ridge regression reaches there.
Everything the loop needs to know about the problem stands here: data, model, loss, metrics, and a picture to look at.
"""

import itertools
from functools import cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from sklearn import datasets
from sklearn.model_selection import train_test_split
from torch import nn
from torchmetrics import MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score
from torchmetrics.regression import MeanAbsoluteError, R2Score

from glassloop.kit.data import InMemory
from glassloop.kit.tables import Table, read_table

NAME = "tabular"
DATA = "breast_cancer"  # or "diabetes", or a CSV file whose first line names its columns
TARGET = "diagnosis"  # the column to predict
KIND = "classification"  # or "regression": the target is a number, and being near it is worth something
BATCH_SIZE = 32
EPOCHS = 20
# Where they differ from the loop's own. One thread: two are hardly faster on a network this small.
# Little data, so much of what holds a network back: dropout of a half, and a weight decay that would starve a large one.
DEFAULTS = {"epochs": EPOCHS, "batch_size": BATCH_SIZE, "lr": 3e-3, "weight_decay": 1.0, "threads": 1}
CLASSIFIES = KIND == "classification"
GOAL = ("val_accuracy" if CLASSIFIES else "val_r2", "max")  # what makes a checkpoint the best one
SPLIT = f"a fifth of the rows for validation,{' stratified by class,' if CLASSIFIES else ''} random_state=0"  # in run.json
SEEN = {}  # what make_data found; stands in run.json


@cache  # the data and the model both ask for it
def table() -> Table:
    """The table as numbers; a column of text becomes one column of 0 and 1 for each of its categories."""
    if DATA not in ("breast_cancer", "diabetes"):
        return read_table(Path(DATA), TARGET, KIND)
    bunch = datasets.load_breast_cancer() if DATA == "breast_cancer" else datasets.load_diabetes(scaled=False)
    names = [str(name) for name in bunch.target_names] if CLASSIFIES else []
    return Table([str(name) for name in bunch.feature_names], bunch.data.tolist(), bunch.target.tolist(), names)


def split() -> tuple[np.ndarray, np.ndarray]:
    """Which rows train and which validate: the same for every seed."""
    targets = np.array(table().targets)
    return train_test_split(np.arange(len(targets)), test_size=0.2, stratify=targets if CLASSIFIES else None, random_state=0)


def make_data() -> tuple[InMemory, InMemory]:
    """Training and validation set: rows (n, columns) of float32, targets (n,) int64 for classes and float32 for numbers."""
    found = table()
    rows = torch.tensor(found.rows, dtype=torch.float32)
    targets = torch.tensor(found.targets, dtype=torch.int64 if CLASSIFIES else torch.float32)
    SEEN.update(data=str(DATA), target=TARGET, kind=KIND, rows=len(rows), columns=found.columns)
    if CLASSIFIES:
        SEEN["classes"] = {name: found.targets.count(place) for place, name in enumerate(found.classes)}
    train, val = (torch.from_numpy(part) for part in split())
    return InMemory(rows[train], targets[train]), InMemory(rows[val], targets[val])


@cache
def target_scale() -> tuple[float, float]:
    """Mean and spread of the training targets, for a regression: its layers then work with numbers of about unit size."""
    targets = np.array(table().targets)[split()[0]]
    return float(targets.mean()), float(targets.std())


class TableNet(nn.Module):
    """(B, columns) rows as they are in the table -> (B, outputs); 2 hidden layers of 64.

    The scale of each column is part of the model, as buffers: it is saved with the weights, so that whoever loads them need
    not know it. It comes from the training rows alone; taken from all rows, it would tell the model about the others.
    """

    def __init__(self, rows: torch.Tensor, outputs: int) -> None:
        super().__init__()
        spread = rows.std(0)
        self.register_buffer("centre", rows.mean(0))
        self.register_buffer("spread", torch.where(spread > 0, spread, 1))  # a column that never changes says nothing
        for name, value in zip(("target_centre", "target_spread"), target_scale(), strict=True):
            self.register_buffer(name, torch.tensor(value))
        widths = [rows.shape[1], 64, 64]
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Linear(before, after), nn.ReLU(), nn.Dropout(0.5))
            for before, after in itertools.pairwise(widths)
        )
        self.head = nn.Linear(widths[-1], outputs)

    def forward(self, rows):
        x = (rows - self.centre) / self.spread
        for block in self.blocks:
            x = block(x)
        # Logits, or one number: of about unit size where it leaves the layers, in the target's own unit where it leaves.
        return self.head(x) if CLASSIFIES else self.head(x).squeeze(1) * self.target_spread + self.target_centre


def make_model() -> nn.Module:
    """A fresh network; its weights come from torch's global generator, so from the seed."""
    train, _ = make_data()
    return TableNet(train.tensors[0], len(table().classes) or 1)


def loss(model, batch):
    """Mean loss of the batch, and what the metrics want: logits, or the predictions in the target's own unit.

    Cross-entropy for classes. For numbers the Huber loss: a square for small errors, a line for large ones, so that one
    row that is far off does not decide the step.
    """
    rows, targets = batch
    outputs = model(rows)
    if CLASSIFIES:
        return F.cross_entropy(outputs, targets), outputs
    # In units of the target's spread. Not `model.target_spread`: under several processes `model` is a wrapper around it.
    return F.huber_loss(outputs / target_scale()[1], targets / target_scale()[1]), outputs


def count(batch) -> int:
    """Over how many items `loss` is a mean: here, rows."""
    return len(batch[1])


def make_metrics() -> MetricCollection:
    """What is measured on the validation set besides the loss; exact over the set, not a mean of batch means."""
    if not CLASSIFIES:
        return MetricCollection({"r2": R2Score(), "mae": MeanAbsoluteError()})
    classes = len(table().classes)
    return MetricCollection(
        {
            "accuracy": MulticlassAccuracy(classes, average="micro", validate_args=False),
            "f1": MulticlassF1Score(classes, average="macro", validate_args=False),
        }
    )


def measure(metrics, outputs, batch) -> None:
    """Add a batch to the metrics."""
    metrics.update(outputs, batch[1])


def after_epoch(model, epoch: int, folder: Path) -> None:
    """Nothing to draw while it trains."""


def after_training(model, folder: Path) -> None:
    """Draw pictures/columns.png: how much validation loss is gained by shuffling a column, for those that matter most."""
    from matplotlib.figure import Figure  # slow to import, and only needed here

    _, val_set = make_data()
    device = next(model.parameters()).device
    rows, targets = (tensor.to(device) for tensor in val_set.tensors)
    generator = torch.Generator().manual_seed(0)
    worse = []
    with torch.inference_mode():
        whole = loss(model.eval(), (rows, targets))[0]
        for column in range(rows.shape[1]):
            shuffled = rows.clone()
            shuffled[:, column] = rows[torch.randperm(len(rows), generator=generator).to(device), column]
            worse.append(float(loss(model, (shuffled, targets))[0] - whole))
    order = np.argsort(worse)[-15:]  # the 15 that matter most
    figure = Figure(figsize=(7, 1 + 0.3 * len(order)), layout="constrained")
    axes = figure.subplots()
    axes.barh([table().columns[place] for place in order], [worse[place] for place in order])
    axes.set_xlabel(f"validation loss gained by shuffling the column (it is {float(whole):.3f})")
    (folder / "pictures").mkdir(exist_ok=True)
    figure.savefig(folder / "pictures" / "columns.png", dpi=110)
