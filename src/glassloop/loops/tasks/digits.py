"""Handwritten digits: a small convolutional network on scikit-learn's 1,797 real 8x8 scans, with augmentation.

Everything the loop needs to know about the problem stands here: data, model, loss, metrics, and a picture to look at.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torchmetrics import MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from glassloop.kit.data import InMemory

NAME = "digits"
# Where they differ from the loop's own. One thread: two are hardly faster on a network this small, and where another
# program wants the cores they wait for each other (measured: 35 times slower on two busy cores).
DEFAULTS = {"epochs": 25, "batch_size": 64, "lr": 4e-3, "threads": 1}
GOAL = ("val_accuracy", "max")  # what makes a checkpoint the best one
SPLIT = "360 of 1,797 scans for validation, stratified by class, random_state=0"  # stands in run.json
CLASSES = 10


def make_data() -> tuple[InMemory, InMemory]:
    """Training and validation set, 1,437 and 360 scans: each class in the same share, the same split for every seed."""
    scans = load_digits()
    images = torch.from_numpy(scans.images.astype(np.float32) / 16.0).unsqueeze(1)  # (1797, 1, 8, 8) in [0, 1]
    labels = torch.from_numpy(scans.target.astype(np.int64))
    train, val = train_test_split(np.arange(len(labels)), test_size=360, stratify=scans.target, random_state=0)
    return InMemory(images[train], labels[train], augment=augment), InMemory(images[val], labels[val])


def augment(batch, draw):
    """Turn, scale and shift each scan a little. `draw(4)` gives four uniform numbers a sample, keyed by its address."""
    images, labels = batch
    turn, scale, right, down = (2 * draw(4) - 1).unbind(1)  # each (B,) in [-1, 1)
    angle, zoom = turn * 0.2, 1 + scale * 0.1  # up to 11 degrees, up to 10 %
    cos, sin = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    rows = [torch.stack((cos, -sin, right * 0.2), 1), torch.stack((sin, cos, down * 0.2), 1)]  # 0.2 is 0.8 pixels
    grid = F.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False), labels


class Block(nn.Module):
    """Convolution, batch-norm, ReLU, twice, with a short cut; halves the picture where `stride` is 2."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels_in, channels, 3, stride, padding=1, bias=False)  # batch-norm has the bias
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm_first, self.norm_second = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)
        self.short_cut = nn.Conv2d(channels_in, channels, 1, stride, bias=False)

    def forward(self, x):  # (B, channels_in, H, W) -> (B, channels, H / stride, W / stride)
        inner = F.relu(self.norm_first(self.first(x)))
        return F.relu(self.norm_second(self.second(inner)) + self.short_cut(x))


class DigitNet(nn.Module):
    """(B, 1, 8, 8) scans -> (B, 10) logits; 0.1 million parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Block(1, 32, 1), Block(32, 64, 2), Block(64, 64, 2)])
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Linear(64, CLASSES)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(self.dropout(x.mean(dim=(2, 3))))  # logits: cross-entropy wants no softmax


def make_model() -> nn.Module:
    """A fresh network; its weights come from torch's global generator, so from the seed."""
    return DigitNet()


def loss(model, batch):
    """Mean cross-entropy of the batch, and the logits for the metrics."""
    images, labels = batch
    logits = model(images)
    return F.cross_entropy(logits, labels), logits


def count(batch) -> int:
    """Over how many items `loss` is a mean: here, scans."""
    return len(batch[1])


def make_metrics() -> MetricCollection:
    """What is measured on the validation set besides the loss; exact over the set, not a mean of batch means."""
    return MetricCollection(
        {
            "accuracy": MulticlassAccuracy(CLASSES, average="micro", validate_args=False),
            "f1": MulticlassF1Score(CLASSES, average="macro", validate_args=False),
        }
    )


def measure(metrics, logits, batch) -> None:
    """Add a batch to the metrics."""
    metrics.update(logits, batch[1])


def after_epoch(model, epoch: int, folder: Path) -> None:
    """Nothing to draw while it trains."""


def after_training(model, folder: Path) -> None:
    """Draw pictures/predictions.png: the validation scans the model is least sure of, right ones and wrong ones."""
    from matplotlib.figure import Figure  # slow to import, and only needed here

    _, val_set = make_data()
    images, labels = val_set.tensors
    device = next(model.parameters()).device
    with torch.inference_mode():
        sure, guess = model.eval()(images.to(device)).softmax(1).cpu().max(1)
    figure = Figure(figsize=(9, 5), layout="constrained")
    wrong = int((guess != labels).sum())
    figure.suptitle(f"The 24 scans it is least sure of; {wrong} of all {len(labels)} are wrong (red)")
    for axes, index in zip(figure.subplots(3, 8).flat, sure.argsort()[:24], strict=False):  # or as many as there are
        axes.imshow(images[index, 0], cmap="gray_r")
        right = guess[index] == labels[index]
        title = f"{guess[index]}  {sure[index]:.0%}" if right else f"{guess[index]}, is {labels[index]}"
        axes.set_title(title, fontsize=9, color="black" if right else "red")
        axes.set_axis_off()
    (folder / "pictures").mkdir(exist_ok=True)
    figure.savefig(folder / "pictures" / "predictions.png", dpi=110)
