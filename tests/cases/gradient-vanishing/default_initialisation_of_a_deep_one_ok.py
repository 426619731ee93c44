"""Thirty layers with ReLU, from settings in a dataclass."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Settings:
    depth: int = 30
    width: int = 20
    epochs: int = 3


def build(s):
    layers = []
    for k in range(s.depth):
        layer = nn.Linear(s.width if k else 6, s.width)
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(s.width, 2))


def main():
    torch.manual_seed(0)
    settings = Settings()
    model = build(settings)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    x = torch.randn(48, 6)
    loader = DataLoader(TensorDataset(x, (x[:, 0] > 0).long()), batch_size=8, shuffle=True)
    for _ in range(settings.epochs):
        for features, label in loader:
            loss = nn.functional.cross_entropy(model(features), label)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()


main()
