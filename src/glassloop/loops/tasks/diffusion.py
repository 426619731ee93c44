"""Diffusion: a small network that draws digits out of noise, learned from scikit-learn's 1,797 real 8x8 scans.

A DDPM (Ho, Jain and Abbeel 2020): each scan is covered with noise of a random strength, and the network learns to tell the
noise from the scan. To draw, begin with noise alone and take away a little of what it finds, 200 times. The weights that
draw are an average over the steps (`ema` in DEFAULTS). After training, in about a minute, it draws 100 digits: 65 of them
or more lie among the real scans, all ten digits are among those. Of scans that it never saw, 87 of 100 do; of noise, none.
Everything the loop needs to know about the problem stands here: data, model, loss, metrics, and a picture to look at.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torchmetrics import MetricCollection
from torchmetrics.regression import MeanSquaredError

from glassloop.kit.data import InMemory

NAME = "diffusion"
# Where they differ from the loop's own. One thread: two are hardly faster on a network this small, and where another
# program wants the cores they wait for each other.
DEFAULTS = {"epochs": 40, "batch_size": 64, "lr": 2e-3, "ema": 0.995, "threads": 1}
GOAL = ("val_loss", "min")  # what makes a checkpoint the best one
REPEATS = 4  # an epoch has each training scan under so many different noises
SPLIT = "360 of 1,797 scans for validation, stratified by class, random_state=0"  # stands in run.json
STEPS = 200  # from a scan to noise alone
WIDTH = 384


def cosine_schedule() -> torch.Tensor:
    """How much of a scan's variance is left after 0, 1, ... STEPS steps: (STEPS + 1,), from 1 to nearly 0.

    A cosine (Nichol and Dhariwal 2021): the linear one of the first paper leaves little but noise in its last third.
    """
    share = torch.cos((torch.arange(STEPS + 1) / STEPS + 0.008) / 1.008 * math.pi / 2) ** 2
    return (share / share[0]).clamp(min=1e-4)


LEFT = cosine_schedule()


def make_data() -> tuple[InMemory, InMemory]:
    """Training and validation set, 4 x 1,437 and 360 scans in [-1, 1], (n, 1, 8, 8).

    Both are covered with noise as they are read. A scan's noise is keyed by its address: so a resumed run meets the same,
    and each evaluation asks the same questions, where noise drawn afresh would make the loss dance from epoch to epoch.
    """
    scans = load_digits()
    images = torch.from_numpy(scans.images.astype(np.float32) / 8 - 1).unsqueeze(1)
    train, val = split(scans)
    return InMemory(images[train].repeat(REPEATS, 1, 1, 1), augment=cover), InMemory(images[val], augment=cover)


def split(scans) -> tuple[np.ndarray, np.ndarray]:
    """Which scans train and which validate: the same for every seed."""
    return train_test_split(np.arange(len(scans.target)), test_size=360, stratify=scans.target, random_state=0)


def cover(batch, draw):
    """(B, 1, 8, 8) scans -> scans under noise, how many steps of it (B,), and the noise itself."""
    (images,) = batch
    numbers = draw(1 + images[0].numel())
    steps = (numbers[:, 0] * STEPS).long() + 1  # 1 to STEPS
    # The inverse of the normal distribution makes normal numbers of uniform ones, which are never 1 but may be 0.
    noise = torch.special.ndtri(numbers[:, 1:].clamp(min=2**-25)).view_as(images)
    left = LEFT[steps].view(-1, 1, 1, 1)
    return left.sqrt() * images + (1 - left).sqrt() * noise, steps, noise


class Block(nn.Module):
    """Two layers around a word about how much noise there is; (B, WIDTH) -> the same."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.first, self.second = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.told = nn.Linear(WIDTH, WIDTH)

    def forward(self, x, word):
        return x + self.second(F.silu(self.first(self.norm(x) + self.told(word))))


class NoiseNet(nn.Module):
    """Scans under noise (B, 1, 8, 8) and the number of steps (B,) -> the noise that it sees in them (B, 1, 8, 8).

    Layers without convolutions: with 64 pixels, all of which matter to each other, they learn more in the same time.
    """

    def __init__(self) -> None:
        super().__init__()
        self.word = nn.Sequential(nn.Linear(64, WIDTH), nn.SiLU())
        self.stem = nn.Linear(64, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(3))
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, 64)

    def forward(self, images, steps):
        waves = torch.exp(torch.arange(32, device=steps.device) * (-math.log(1000) / 32))
        angles = steps[:, None] * waves  # (B, 32): a number as a set of clock hands, slow and fast
        word = self.word(torch.cat((angles.sin(), angles.cos()), 1))
        x = self.stem(images.flatten(1))
        for block in self.blocks:
            x = block(x, word)
        return self.head(self.norm(x)).view_as(images)


def make_model() -> nn.Module:
    """A fresh network; its weights come from torch's global generator, so from the seed."""
    return NoiseNet()


def loss(model, batch):
    """Mean square of what is left of the noise (1 for a model that sees none), and what the model saw."""
    images, steps, noise = batch
    seen = model(images, steps)
    return F.mse_loss(seen, noise), seen


def count(batch) -> int:
    """Over how many items `loss` is a mean: here, scans; all have the same number of pixels."""
    return len(batch[1])


def make_metrics() -> MetricCollection:
    """The loss again, as a metric, so that it carries an interval."""
    return MetricCollection({"noise_left": MeanSquaredError()})


def measure(metrics, seen, batch) -> None:
    """Add a batch to the metrics."""
    metrics.update(seen.flatten(), batch[2].flatten())


def after_epoch(model, epoch: int, folder: Path) -> None:
    """Nothing to draw while it trains: drawing takes as long as an epoch."""


def after_training(model, folder: Path) -> None:
    """Draw pictures/samples.png, 100 digits; pictures/samples.json says how many of them lie among the real ones."""
    from matplotlib.figure import Figure  # slow to import, and only needed here

    digits = draw_digits(model, 100)
    found = judge(digits)
    (folder / "pictures").mkdir(exist_ok=True)
    (folder / "pictures" / "samples.json").write_text(json.dumps(found) + "\n")
    figure = Figure(figsize=(6, 6.4), layout="constrained")
    title = f"{found['among_real']:.0%} lie among the real scans, {found['digits']} of 10 digits are among those"
    figure.suptitle(title)
    for axes, digit in zip(figure.subplots(10, 10).flat, digits, strict=True):
        axes.imshow(digit[0], cmap="gray_r", vmin=-1, vmax=1)
        axes.set_axis_off()
    figure.savefig(folder / "pictures" / "samples.png", dpi=110)
    print(f"of 100 drawn digits {title} (pictures/samples.png)")


@torch.inference_mode()
def draw_digits(model, number: int) -> torch.Tensor:
    """`number` pictures out of noise, (number, 1, 8, 8) in [-1, 1], on the CPU."""
    device = next(model.parameters()).device
    generator = torch.Generator().manual_seed(0)  # its own: a drawing must not move the run's generators
    images = torch.randn(number, 1, 8, 8, generator=generator).to(device)
    model.eval()
    for step in range(STEPS, 0, -1):
        left, left_after = LEFT[step], LEFT[step - 1]
        noise = model(images, torch.full((number,), step, device=device))
        scan = ((images - (1 - left).sqrt() * noise) / left.sqrt()).clamp(-1, 1)  # what the noise would cover
        kept = left / left_after  # of the variance, in this one step
        images = (left_after.sqrt() * (1 - kept) * scan + kept.sqrt() * (1 - left_after) * images) / (1 - left)
        if step > 1:  # a little noise comes back, less each time: without it all would end in the same mean digit
            spread = ((1 - left_after) / (1 - left) * (1 - kept)).sqrt()
            images = images + spread * torch.randn(images.shape, generator=generator).to(device)
    return images.cpu()


def judge(digits: torch.Tensor) -> dict[str, float]:
    """How many of the pictures lie among the real scans, and which digits those are.

    A picture lies among them where it is as near to some training scan as that scan's third neighbour is (the precision of
    Kynkaanniemi and others 2019); it is the digit that this scan is. Why no classifier: one that is sure of 77 of 100 real
    scans was just as sure of 88 of 100 pictures of noise.
    """
    scans = load_digits()
    train, _ = split(scans)
    real = torch.from_numpy(scans.images[train].astype(np.float32) / 8 - 1).flatten(1)
    radius = torch.cdist(real, real).kthvalue(4, 1).values  # the nearest of all is the scan itself
    distance = torch.cdist(digits.flatten(1), real)
    among = (distance <= radius).any(1)
    labels = scans.target[train][distance.argmin(1)[among].numpy()]
    return {"among_real": float(among.float().mean()), "digits": len(set(labels.tolist()))}
