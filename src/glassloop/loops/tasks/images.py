"""Images: a small convolutional network on pictures in folders, a folder a class: shapes drawn for it, or photos of yours.

Reaches a validation accuracy of 0.92 or more on six shapes, turned, blurred and spotted on a noisy ground, in a minute.
Everything the loop needs to know about the problem stands here: data, model, loss, metrics, and a picture to look at.
"""

import math
import os
import shutil
from functools import cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFilter
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import Dataset, default_collate
from torchmetrics import MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from glassloop.errors import UserError
from glassloop.kit.decoding import read_picture
from glassloop.kit.pictures import Pictures, check_pictures, list_pictures

NAME = "images"
DATA = None  # a folder with a folder of pictures for each class; None draws shapes into data/shapes, where you may look
SIZE = 32  # pixels each way that the network sees
FLIP = True  # mirror half of the pictures, left to right; not for letters
BACKBONE = ""  # "torchvision:resnet18" or "timm:resnet18", fresh, where that package is installed; "" is the one below
BATCH_SIZE = 32
EPOCHS = 20
# Where they differ from the loop's own. One thread: the processes that decode pictures want the other cores.
DEFAULTS = {"epochs": EPOCHS, "batch_size": BATCH_SIZE, "lr": 2e-3, "weight_decay": 0.05, "threads": 1}
GOAL = ("val_accuracy", "max")  # what makes a checkpoint the best one
SPLIT = "a fifth of each class for validation, random_state=0; the folders train and val where there are such"
SEEN = {}  # what make_data found; stands in run.json
SHAPES = {"circle": 0, "cross": -1, "ring": -2, "square": 4, "star": -3, "triangle": 3}
EACH = 240  # pictures a shape


@cache  # the data, the model and the metrics all ask for it
def pictures() -> Pictures:
    """The files and their classes."""
    if DATA is not None:
        return list_pictures(Path(DATA))
    home = Path("data") / "shapes"
    if not home.exists():
        draw_shapes(home)
    return list_pictures(home)


class Folder(Dataset):
    """Pictures decoded when they are asked for: (3, SIZE, SIZE) float32, about 0 in the mean, and the class.

    With `augment`, from the global generators, which the loader seeds for each sample by its address.
    """

    def __init__(self, files: list[Path], labels: list[int], augment: bool) -> None:
        self.files, self.labels, self.augment = files, labels, augment

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        if not self.augment:
            return read_picture(self.files[index], SIZE) * 2 - 1, self.labels[index]
        larger = SIZE * 9 // 8
        image = read_picture(self.files[index], larger)
        right, down = torch.randint(larger - SIZE + 1, (2,)).tolist()
        image = image[:, down : down + SIZE, right : right + SIZE]  # another cut each time
        if FLIP and torch.rand(()) < 0.5:
            image = image.flip(2)
        light, contrast = (torch.rand(2) * 0.4 - 0.2).tolist()
        return ((image * 2 - 1) * (1 + contrast) + light).clamp(-1, 1), self.labels[index]


def make_data() -> tuple[Folder, Folder]:
    """Training and validation set: each class in the same share, the same split for every seed."""
    found = pictures()
    width, height, opened = check_pictures(found.files)
    if found.validation:
        check_pictures(found.validation.files)
        parts = [(found.files, found.labels), (found.validation.files, found.validation.labels)]
    else:
        rows = np.arange(len(found.files))
        split = train_test_split(rows, test_size=0.2, stratify=found.labels, random_state=0)
        parts = [([found.files[i] for i in rows], [found.labels[i] for i in rows]) for rows in split]
    SEEN.update(data=str(DATA or "shapes that the task draws"), median_size=[width, height], opened=opened)
    SEEN["classes"] = {name: found.labels.count(place) for place, name in enumerate(found.classes)}
    return Folder(*parts[0], augment=True), Folder(*parts[1], augment=False)


class Block(nn.Module):
    """Convolution, batch-norm, ReLU, twice, with a short cut; halves the picture."""

    def __init__(self, channels_in: int, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels_in, channels, 3, 2, padding=1, bias=False)  # batch-norm has the bias
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm_first, self.norm_second = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)
        self.short_cut = nn.Conv2d(channels_in, channels, 1, 2, bias=False)

    def forward(self, x):  # (B, channels_in, H, W) -> (B, channels, H / 2, W / 2)
        inner = F.relu(self.norm_first(self.first(x)))
        return F.relu(self.norm_second(self.second(inner)) + self.short_cut(x))


class ImageNet(nn.Module):
    """(B, 3, H, W) pictures -> (B, classes) logits; 0.3 million parameters."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 24, 3, padding=1)
        self.blocks = nn.ModuleList([Block(24, 32), Block(32, 64), Block(64, 128)])
        self.head = nn.Linear(128, classes)

    def forward(self, x):
        x = F.relu(self.stem(x))
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean(dim=(2, 3)))  # logits: cross-entropy wants no softmax


def make_model() -> nn.Module:
    """A fresh network; its weights come from torch's global generator, so from the seed. Nothing is downloaded."""
    classes = len(pictures().classes)
    if not BACKBONE:
        return ImageNet(classes)
    package, _, name = BACKBONE.partition(":")
    try:
        if package == "timm":
            from timm import create_model

            return create_model(name, pretrained=False, num_classes=classes)
        from torchvision.models import get_model
    except ImportError:
        raise UserError(f"BACKBONE in task.py is {BACKBONE}; pip install {package}, or leave BACKBONE empty") from None
    return get_model(name, weights=None, num_classes=classes)


def loss(model, batch):
    """Mean cross-entropy of the batch, and the logits for the metrics."""
    images, labels = batch
    logits = model(images)
    return F.cross_entropy(logits, labels), logits


def count(batch) -> int:
    """Over how many items `loss` is a mean: here, pictures."""
    return len(batch[1])


def make_metrics() -> MetricCollection:
    """What is measured on the validation set besides the loss; exact over the set, not a mean of batch means."""
    classes = len(pictures().classes)
    return MetricCollection(
        {
            "accuracy": MulticlassAccuracy(classes, average="micro", validate_args=False),
            "f1": MulticlassF1Score(classes, average="macro", validate_args=False),
        }
    )


def measure(metrics, logits, batch) -> None:
    """Add a batch to the metrics."""
    metrics.update(logits, batch[1])


def after_epoch(model, epoch: int, folder: Path) -> None:
    """Nothing to draw while it trains."""


@torch.inference_mode()
def after_training(model, folder: Path) -> None:
    """Draw pictures/predictions.png: of up to 240 validation pictures, the 24 the model is least sure of."""
    from matplotlib.figure import Figure  # slow to import, and only needed here

    _, val_set = make_data()
    chosen = range(0, len(val_set), -(-len(val_set) // 240))
    device = next(model.parameters()).device
    images, labels = default_collate([val_set[index] for index in chosen])
    sure, guess = model.eval()(images.to(device)).softmax(1).cpu().max(1)
    figure = Figure(figsize=(10, 5), layout="constrained")
    figure.suptitle(f"Of {len(labels)} pictures, those it is least sure of; {int((guess != labels).sum())} are wrong (red)")
    names = pictures().classes
    for axes in (grid := figure.subplots(3, 8)).flat:
        axes.set_axis_off()
    for axes, index in zip(grid.flat, sure.argsort()[:24]):  # noqa: B905  # there may be fewer
        axes.imshow(images[index].permute(1, 2, 0) / 2 + 0.5)
        right = guess[index] == labels[index]
        title = f"{names[guess[index]]} {sure[index]:.0%}" if right else f"{names[guess[index]]}, is {names[labels[index]]}"
        axes.set_title(title, fontsize=7, color="black" if right else "red")
    (folder / "pictures").mkdir(exist_ok=True)
    figure.savefig(folder / "pictures" / "predictions.png", dpi=110)


def draw_shapes(home: Path) -> None:
    """Fill `home` with EACH pictures of each shape, 64 x 64, as JPEG; always the same. Whole or not at all: the folder
    gets its name last, and where another process was quicker, its work stays."""
    aside = home.with_name(f".{home.name}-{os.getpid()}")
    for place, name in enumerate(SHAPES):
        (aside / name).mkdir(parents=True)
        for number in range(EACH):
            rng = np.random.default_rng((place, number))
            draw_shape(SHAPES[name], rng).save(aside / name / f"{number:03d}.jpg", quality=85)
    try:
        aside.rename(home)
    except OSError:
        shutil.rmtree(aside)


def draw_shape(corners: int, rng: np.random.Generator) -> Image.Image:
    """One shape on a ground of another colour, with spots on top of it, blurred a little, and noise over all."""
    ground, colour, spot = (tuple(int(c) for c in rng.integers(low, low + 110, 3)) for low in rng.permutation((20, 75, 130)))
    picture = Image.new("RGB", (64, 64), ground)
    draw = ImageDraw.Draw(picture)
    radius, turn = rng.uniform(15, 27), rng.uniform(0, 2 * math.pi)
    x, y = rng.uniform(radius + 2, 62 - radius, 2)
    if corners > 0:
        angles, far = turn + np.arange(corners) * 2 * math.pi / corners, np.full(corners, radius)
    elif corners == -3:  # a star: ten corners, far and near
        angles, far = turn + np.arange(10) * math.pi / 5, np.where(np.arange(10) % 2, radius * 0.45, radius)
    else:  # a cross: twelve corners around two bars
        angles = turn + np.repeat(np.arange(4) * math.pi / 2, 3) + np.tile([-0.32, 0.32, math.pi / 4], 4)
        far = np.tile([radius, radius, radius * 0.45], 4)
    if corners in (0, -2):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    else:
        draw.polygon([(x + f * math.cos(a), y + f * math.sin(a)) for a, f in zip(angles, far, strict=True)], fill=colour)
    if corners == -2:
        hole = radius * rng.uniform(0.4, 0.7)
        draw.ellipse((x - hole, y - hole, x + hole, y + hole), fill=ground)
    for left, top, size in rng.uniform((0, 0, 2), (60, 60, 5), (4, 3)):
        draw.ellipse((left, top, left + size, top + size), fill=spot)
    pixels = np.asarray(picture.filter(ImageFilter.GaussianBlur(rng.uniform(0, 0.8))), dtype=np.float64)
    return Image.fromarray((pixels + rng.normal(0, rng.uniform(2, 12), pixels.shape)).clip(0, 255).astype(np.uint8))
