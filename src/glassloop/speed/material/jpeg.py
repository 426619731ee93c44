"""JPEG files, rendered here: decoded, resized to 72x72, cropped to 64x64 and flipped at random, normalised.

The crop and the flip of a sample are functions of (epoch, sample) and travel in its address: each row of the table, with
workers or without, decoding or keeping what was decoded, augments alike.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import Dataset

from glassloop.speed.catalogue import BATCH, Settings
from glassloop.speed.material import SEED, Batches, Material, Order, draws

SIZES = {"jpeg-light": (320, 240, 384), "jpeg-heavy": (1600, 1200, 96)}  # width, height, how many files
DECODED, CROP, CLASSES = 72, 64, 8
MEAN, SPREAD = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1), torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)


def render(task: str, folder: Path) -> None:
    """Write the files: smooth colours and grain, as photographs have them (8 bits a pixel and less after coding)."""
    width, height, count = SIZES[task]
    generator = np.random.default_rng(SEED)
    for number in range(count):
        coarse = generator.integers(0, 256, (height // 20, width // 20, 3), dtype=np.uint8)
        smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC), dtype=np.int16)
        grain = generator.integers(-12, 13, (height, width, 1), dtype=np.int16)
        picture = Image.fromarray((smooth + grain).clip(0, 255).astype(np.uint8))
        picture.save(folder / f"{number % CLASSES}-{number:04}.jpg", quality=88)


def decode(path: Path, draft: bool = False) -> np.ndarray[Any, Any]:
    """A file's pixels at 72x72, (72, 72, 3) uint8.

    With `draft` the decoder itself leaves out detail that the resizing would average away; it is quicker, and the pixels
    differ a little.
    """
    with Image.open(path) as file:
        if draft:
            file.draft("RGB", (2 * DECODED, 2 * DECODED))
        return np.array(file.convert("RGB").resize((DECODED, DECODED), Image.Resampling.BILINEAR))


class Crops(Order):
    """An address is (sample, top, left, flip)."""

    def table(self, epoch: int) -> Tensor:
        """The addresses of an epoch, in order: (size, 4) int64."""
        numbers = draws(self.size, epoch, 3)
        corner = (numbers[:, :2] * (DECODED - CROP + 1)).astype(np.int64)
        addresses = np.column_stack((np.arange(self.size), corner, numbers[:, 2] < 0.5))
        return torch.from_numpy(addresses)[self.rows(epoch)]

    def addresses(self, epoch: int) -> list[Any]:
        """As lists of four."""
        return self.table(epoch).tolist()


class Pictures(Dataset[tuple[Tensor, int]]):
    """The files as tutorials read them: one sample at a time, decoded whole."""

    def __init__(self, paths: list[Path]) -> None:
        self.paths, self.labels = paths, [int(path.name[0]) for path in paths]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, address: tuple[int, int, int, int]) -> tuple[Tensor, int]:
        sample, top, left, flip = address
        image = torch.from_numpy(decode(self.paths[sample])).permute(2, 0, 1).contiguous().float() / 255
        image = image[:, top : top + CROP, left : left + CROP]
        image = image.flip(2) if flip else image
        return (image - MEAN) / SPREAD, self.labels[sample]


class Tuned:
    """The same batches with less work: decoded by threads ahead of the step, or once for all epochs; augmented as bytes."""

    def __init__(self, pictures: Pictures, order: Crops, settings: Settings, device: torch.device) -> None:
        self.pictures, self.order, self.settings, self.device = pictures, order, settings, device
        # PIL lets go of Python's lock while it decodes, so threads do what processes would, without copies between them.
        self.pool = ThreadPoolExecutor(_cores())
        self.labels = torch.tensor(pictures.labels, device=device)
        self.mean, self.spread = MEAN.to(device), SPREAD.to(device)
        self.kept = self._decoded(range(len(pictures))) if settings.cached else None

    def __call__(self, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of an epoch."""
        tables = torch.split(self.order.table(epoch), BATCH)
        waiting = self._ask(tables[0])
        for number, table in enumerate(tables):
            pixels = [self.kept[row] for row in table[:, 0].tolist()] if self.kept else [one.result() for one in waiting]
            waiting = self._ask(tables[number + 1]) if number + 1 < len(tables) else []
            yield self._augmented(pixels, table), self.labels.index_select(0, table[:, 0].to(self.device))

    def _ask(self, table: Tensor) -> list[Future[Any]]:
        if self.kept:
            return []
        return [self.pool.submit(decode, self.pictures.paths[row], self.settings.draft) for row in table[:, 0].tolist()]

    def _decoded(self, rows: range) -> list[Any]:
        return list(self.pool.map(lambda row: decode(self.pictures.paths[row], self.settings.draft), rows))

    def _augmented(self, pixels: list[Any], table: Tensor) -> Tensor:
        """Cropped and flipped as bytes, then turned into numbers all at once: (B, 3, 64, 64)."""
        batch = np.empty((len(pixels), CROP, CROP, 3), np.uint8)
        for out, image, (_, top, left, flip) in zip(batch, pixels, table.tolist(), strict=True):
            crop = image[top : top + CROP, left : left + CROP]
            out[:] = crop[:, ::-1] if flip else crop
        images = torch.from_numpy(batch).to(self.device).permute(0, 3, 1, 2)
        kind = torch.channels_last if self.settings.channels_last else torch.contiguous_format
        images = images.contiguous(memory_format=kind).float()
        return images.div_(255).sub_(self.mean).div_(self.spread)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def model(_settings: Settings) -> nn.Module:
    """(B, 3, 64, 64) -> (B, 8): three convolutions that halve the picture, 24,000 parameters."""
    blocks: list[nn.Module] = []
    for channels_in, channels in ((3, 16), (16, 32), (32, 64)):
        blocks += [nn.Conv2d(channels_in, channels, 3, 2, padding=1), nn.BatchNorm2d(channels), nn.ReLU()]
    return nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, CLASSES))


def make(_task: str, folder: Path) -> Material:
    """The pictures in `folder`; a file's name begins with its class."""
    paths = sorted(folder.glob("*.jpg"), key=lambda path: path.name[2:])
    pictures, order = Pictures(paths), Crops(len(paths))

    def batches(settings: Settings, device: torch.device) -> Batches:
        return Tuned(pictures, order, settings, device)

    return Material(pictures, order, model, F.cross_entropy, batches, len(paths) * DECODED * DECODED * 3)
