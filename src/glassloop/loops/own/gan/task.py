"""Digits to draw: the scans, the two networks, and a judge who reads what was drawn.

Everything the loop needs to know about the problem stands here.
"""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from torch import nn

from glassloop.kit.data import InMemory

NAME = "gan"
SPLIT = "360 of 1,797 scans for validation (of the judge), stratified by class, random_state=0"  # stands in run.json
LATENT = 32  # numbers that a digit is drawn from
NO_DIGIT = 10  # the judge's eleventh class


def make_data() -> tuple[InMemory, InMemory]:
    """Training and validation scans, 1,437 and 360: images (N, 1, 8, 8) in [0, 1] and labels (N,)."""
    scans = load_digits()
    images = torch.from_numpy(scans.images.astype(np.float32) / 16.0).unsqueeze(1)
    labels = torch.from_numpy(scans.target.astype(np.int64))
    train, val = train_test_split(np.arange(len(labels)), test_size=360, stratify=scans.target, random_state=0)
    return InMemory(images[train], labels[train]), InMemory(images[val], labels[val])


def make_generator() -> nn.Module:
    """(B, 32) numbers -> (B, 1, 8, 8) images in [0, 1]."""
    return nn.Sequential(
        nn.Linear(LATENT, 256),
        nn.BatchNorm1d(256),
        nn.ReLU(),
        nn.Linear(256, 256),
        nn.BatchNorm1d(256),
        nn.ReLU(),
        nn.Linear(256, 64),
        nn.Sigmoid(),
        nn.Unflatten(1, (1, 8, 8)),
    )


def make_discriminator() -> nn.Module:
    """(B, 1, 8, 8) images -> (B,) logits, above 0 for real. No batch-norm: it would tell a batch, not an image."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(64, 256),
        nn.LeakyReLU(0.2),
        nn.Linear(256, 256),
        nn.LeakyReLU(0.2),
        nn.Linear(256, 1),
        nn.Flatten(0),
    )


class Judge:
    """Reads images: a small classifier of the ten digits and of what is none.

    Taught with the training scans, and with things that a generator may draw instead: noise, scans with shuffled pixels,
    two scans laid over each other. Without those, it would have to read a digit into everything.
    """

    def __init__(self, scans: InMemory) -> None:
        images, labels = (tensor.numpy() for tensor in scans.tensors)
        rng = np.random.default_rng(0)  # the judge is the same for every seed
        flat = images.reshape(len(images), -1)
        others = [
            rng.random((400, 64)),
            rng.permuted(flat[:400], axis=1),
            (flat[:400] + flat[rng.permutation(len(flat))[:400]]) / 2,
        ]
        inputs = np.concatenate([flat, *others]).astype(np.float32)
        answers = np.concatenate([labels, np.full(1200, NO_DIGIT)])
        self.reader = MLPClassifier((128,), learning_rate_init=3e-3, batch_size=64, random_state=0)
        for _ in range(100):  # scikit-learn's: it draws nothing from torch's generators
            self.reader.partial_fit(inputs, answers, classes=range(NO_DIGIT + 1))

    def read(self, images: torch.Tensor) -> dict[str, float]:
        """`confident`: the share read as one digit with 90 % or more. `classes`: how many digits make 2 % of all or more."""
        shares = self.reader.predict_proba(images.cpu().flatten(1).numpy())[:, :NO_DIGIT]
        sure = shares.max(1) >= 0.9
        counts = np.bincount(shares.argmax(1)[sure], minlength=10)
        return {"confident": float(sure.mean()), "classes": int((counts >= 0.02 * len(images)).sum())}


def draw_grid(images: torch.Tensor, path: Path) -> None:
    """Write (64, 1, 8, 8) images in [0, 1] as a picture of 8 x 8 digits."""
    tiles = (images.cpu().reshape(8, 8, 8, 8) * 255).to(torch.uint8)  # row, column, y, x
    tiles = torch.nn.functional.pad(tiles, (1, 1, 1, 1), value=128)  # a grey line between them
    grid = Image.fromarray(tiles.permute(0, 2, 1, 3).reshape(80, 80).numpy())
    path.parent.mkdir(exist_ok=True)
    grid.resize((400, 400), Image.Resampling.NEAREST).save(path)


def join_frames(folder: Path) -> None:
    """Join frames/epoch-NNNN.png into pictures/digits.webp; the last one stays for two seconds."""
    frames = [Image.open(path) for path in sorted((folder / "frames").glob("epoch-*.png"))]
    (folder / "pictures").mkdir(exist_ok=True)
    durations = [80] * (len(frames) - 1) + [2000]  # milliseconds
    target = folder / "pictures" / "digits.webp"
    frames[0].save(target, save_all=True, append_images=frames[1:], duration=durations, loop=0, lossless=True)
