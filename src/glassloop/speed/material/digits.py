"""1,797 scans of handwritten digits (scikit-learn's own), for a small MLP and for a small convolutional network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import TensorDataset

from glassloop.speed.catalogue import Settings
from glassloop.speed.material import Material, Order, by_index


def mlp(_settings: Settings) -> nn.Module:
    """(B, 64) -> (B, 10): 26,122 parameters."""
    return nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10))


def cnn(_settings: Settings) -> nn.Module:
    """(B, 1, 8, 8) -> (B, 10): three convolutions, 24,042 parameters."""
    blocks: list[nn.Module] = []
    for channels_in, channels in ((1, 16), (16, 32), (32, 64)):
        blocks += [nn.Conv2d(channels_in, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.ReLU()]
        blocks += [nn.MaxPool2d(2)] if channels < 64 else []
    return nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def make(task: str, _folder: Path) -> Material:
    """All scans, in [0, 1]; as rows for the MLP, as pictures for the CNN."""
    scans = load_digits()
    images = torch.from_numpy(scans.images.astype(np.float32) / 16)
    labels = torch.from_numpy(scans.target.astype(np.int64))
    inputs = images.flatten(1) if task == "digits-mlp" else images.unsqueeze(1)
    order = Order(len(labels))
    model = mlp if task == "digits-mlp" else cnn
    return Material(TensorDataset(inputs, labels), order, model, F.cross_entropy, by_index(order, inputs, labels))
