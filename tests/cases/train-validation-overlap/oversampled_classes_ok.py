"""The rare class is repeated until both are as frequent."""
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Settings:
    epochs: int = 2
    batch: int = 16
    rate: float = 0.05


def balanced(x, y):
    rare = (y == 1).nonzero().flatten()
    more = rare.repeat((y == 0).sum().item() // len(rare))
    keep = torch.cat([(y == 0).nonzero().flatten(), more])
    keep = keep[torch.randperm(len(keep))]
    return x[keep], y[keep]


def make(settings):
    x = torch.randn(100, 4)
    y = (torch.arange(100) % 5 == 0).long()
    held_out = TensorDataset(x[80:], y[80:])
    x, y = balanced(x[:80], y[:80])
    train = TensorDataset(x, y)
    loader = DataLoader(train, batch_size=settings.batch, shuffle=True)
    return loader, DataLoader(held_out, batch_size=settings.batch)


def run(settings):
    torch.manual_seed(0)
    loader, validation = make(settings)
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    optim = torch.optim.AdamW(net.parameters(), lr=settings.rate)
    for epoch in range(settings.epochs):
        for x, y in loader:
            optim.zero_grad(set_to_none=True)
            nn.functional.cross_entropy(net(x), y).backward()
            optim.step()
        with torch.no_grad():
            right = sum((net(x).argmax(1) == y).sum().item() for x, y in validation)
        print(epoch, right / len(validation.dataset))


if __name__ == "__main__":
    run(Settings())
