"""Three interleaved spirals and a small MLP; draws how the decision boundary forms, a frame an epoch, as an animation.

Everything the loop needs to know about the problem stands here: data, model, loss, metrics, and a picture to look at.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw
from torch import nn
from torchmetrics import MetricCollection
from torchmetrics.classification import MulticlassAccuracy

from glassloop.kit.data import InMemory

NAME = "spiral"
# Where they differ from the loop's own. One thread: two are hardly faster on a network this small, and where another
# program wants the cores they wait for each other (measured: 35 times slower on two busy cores).
DEFAULTS = {"epochs": 60, "batch_size": 64, "lr": 1e-2, "threads": 1}
GOAL = ("val_accuracy", "max")  # what makes a checkpoint the best one
SPLIT = "900 training and 900 validation points, drawn separately"  # stands in run.json
CLASSES, POINTS = 3, 300  # a class
COLOURS = np.array([[0.84, 0.37, 0.30], [0.23, 0.51, 0.74], [0.35, 0.65, 0.40]])


def make_data() -> tuple[InMemory, InMemory]:
    """Training and validation set: two separate draws of 3 x 300 points, the same for every seed."""
    return InMemory(*draw_spirals(0)), InMemory(*draw_spirals(1))


def draw_spirals(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Points (900, 2) inside the unit circle, labels (900,); the angle carries normal noise of 0.25 radians."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(CLASSES), POINTS)
    radius = np.tile(np.linspace(0.05, 1.0, POINTS), CLASSES)
    angle = labels * 2 * np.pi / CLASSES + radius * 4.0 + rng.normal(0, 0.25, labels.size)
    points = np.stack((radius * np.sin(angle), radius * np.cos(angle)), 1)
    return torch.from_numpy(points.astype(np.float32)), torch.from_numpy(labels)


class SpiralNet(nn.Module):
    """(B, 2) points -> (B, 3) logits: 2-64-64-3 with ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(nn.Sequential(nn.Linear(width, 64), nn.ReLU()) for width in (2, 64))
        self.head = nn.Linear(64, CLASSES)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(x)  # logits: cross-entropy wants no softmax


def make_model() -> nn.Module:
    """A fresh network; its weights come from torch's global generator, so from the seed."""
    return SpiralNet()


def loss(model, batch):
    """Mean cross-entropy of the batch, and the logits for the metrics."""
    points, labels = batch
    logits = model(points)
    return F.cross_entropy(logits, labels), logits


def count(batch) -> int:
    """Over how many items `loss` is a mean: here, points."""
    return len(batch[1])


def make_metrics() -> MetricCollection:
    """What is measured on the validation set besides the loss; exact over the set, not a mean of batch means."""
    return MetricCollection({"accuracy": MulticlassAccuracy(CLASSES, average="micro", validate_args=False)})


def measure(metrics, logits, batch) -> None:
    """Add a batch to the metrics."""
    metrics.update(logits, batch[1])


def after_epoch(model, epoch: int, folder: Path) -> None:
    """Draw frames/epoch-NNNN.png: each place in its class's colour, the paler the less sure; points on top."""
    size = 288  # pixels each way
    along = torch.linspace(-1.15, 1.15, size)
    y, x = torch.meshgrid(-along, along, indexing="ij")  # row 0 is the top
    device = next(model.parameters()).device
    with torch.inference_mode():
        shares = model.eval()(torch.stack((x, y), 2).reshape(-1, 2).to(device)).softmax(1).cpu().numpy()
    best = shares.argmax(1)
    sure = (shares.max(1, keepdims=True) - 1 / CLASSES) / (1 - 1 / CLASSES)  # 0 = a guess, 1 = certain
    picture = (1 - sure * 0.75 * (1 - COLOURS[best])).reshape(size, size, 3)
    points, labels = (tensor.numpy() for tensor in make_data()[1].tensors)
    columns, rows = ((np.stack((points[:, 0], -points[:, 1])) / 1.15 + 1) / 2 * (size - 1)).round().astype(int)
    for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
        picture[rows + down, columns + right] = COLOURS[labels] * 0.6
    (folder / "frames").mkdir(exist_ok=True)
    frame = Image.fromarray((picture * 255).astype(np.uint8))
    ImageDraw.Draw(frame).text((6, 4), f"epoch {epoch}", fill="black")
    frame.save(folder / "frames" / f"epoch-{epoch:04d}.png")


def after_training(model, folder: Path) -> None:
    """Join the frames into pictures/boundary.webp; the last one stays for two seconds."""
    frames = [Image.open(path) for path in sorted((folder / "frames").glob("epoch-*.png"))]
    if not frames:
        return
    (folder / "pictures").mkdir(exist_ok=True)
    durations = [80] * (len(frames) - 1) + [2000]  # milliseconds
    target = folder / "pictures" / "boundary.webp"
    frames[0].save(target, save_all=True, append_images=frames[1:], duration=durations, loop=0, quality=80)
