"""Trains on real digits, once for each name given, wrongly in the way it says, and records each run into a folder of it."""

import sys
from typing import Any

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, Sampler, TensorDataset, WeightedRandomSampler

import glassloop


class Shuffle(Sampler[int]):
    """Somebody's own shuffle, whose second epoch has the fault."""

    def __init__(self, labels: list[int], fault: str) -> None:
        self.labels, self.fault, self.epoch = labels, fault, -1

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Any:
        self.epoch += 1
        order = torch.randperm(len(self.labels)).tolist()
        if self.fault == "twice" and self.epoch == 1:
            order[order.index(7)] = 8
        if self.fault == "class" and self.epoch == 1:
            threes = [i for i in order if self.labels[i] == 3]
            order = [i for i in order if i not in threes[: 3 * len(threes) // 4]]
        return iter(order)


class Net(nn.Module):
    def __init__(self, fault: str) -> None:
        super().__init__()
        self.body, self.middle, self.head = nn.Linear(64, 32), nn.Linear(32, 32), nn.Linear(32, 10)
        self.fault = fault
        self.norm = nn.BatchNorm1d(32) if fault == "normed" else nn.Identity()
        self.middle.requires_grad_(fault != "frozen")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.norm(self.body(x)).relu()
        inner = self.middle(h)
        return self.head(h + (inner.detach() if self.fault == "detached" else inner).relu())


def main(fault: str) -> None:
    torch.manual_seed(0)
    scans = load_digits()
    x, y = torch.tensor(scans.data / 16, dtype=torch.float32), torch.tensor(scans.target)
    order = torch.randperm(len(y))
    train, val = order[360:], order[:360]
    if fault == "copies":
        val = torch.cat([val, train[:20]])
    data, labels = TensorDataset(x[train], y[train]), y[train].tolist()
    sampler: Sampler[int] | None = Shuffle(labels, fault) if fault in ("twice", "class") else None
    if fault == "weighted":
        sampler = WeightedRandomSampler([3.0 if label == 3 else 1.0 for label in labels], len(data))
    loader = DataLoader(data, 64, sampler=sampler, shuffle=sampler is None, num_workers=2 if fault == "workers" else 0)
    val_loader = DataLoader(TensorDataset(x[val], y[val]), 128)
    model = Net(fault)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    if fault == "normed":
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)  # type: ignore[assignment]
    for _ in range(3):
        model.train()
        for inputs, targets in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(inputs), targets).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            sum((model(inputs).argmax(1) == targets).sum().item() for inputs, targets in val_loader)


if __name__ == "__main__":
    for fault in sys.argv[1:]:
        with glassloop.record(fault):
            main(fault)
