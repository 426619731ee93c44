"""Samples in a plain list, closures over what they train."""
import torch
from torch import nn
from torch.utils.data import DataLoader


def build():
    torch.manual_seed(0)
    samples = [(torch.randn(3), float(i % 2)) for i in range(40)]
    loaders = {
        "train": DataLoader(samples[:32], batch_size=8, shuffle=True),
        "val": DataLoader(samples[32:], batch_size=4),
    }
    net = nn.Linear(3, 1)
    sgd = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    criterion = nn.BCEWithLogitsLoss(reduction="sum")

    def fit():
        for x, y in loaders["train"]:
            sgd.zero_grad()
            criterion(net(x).squeeze(1), y.float()).backward()
            sgd.step()

    def score():
        total = 0.0
        with torch.no_grad():
            for x, y in loaders["val"]:
                total += criterion(net(x).squeeze(1), y.float()).item()
        return total / len(loaders["val"].dataset)

    return fit, score


fit, score = build()
for epoch in range(2):
    fit()
    print(score())
