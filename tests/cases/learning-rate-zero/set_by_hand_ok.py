"""The rate is set by hand in each epoch, by a function."""

import torch
from torch import nn


def adjust(optimizer, epoch, base=0.05, warm=2):
    for group in optimizer.param_groups:
        group["lr"] = base * min(1.0, (epoch + 1) / warm)


def main():
    torch.manual_seed(0)
    model = nn.Linear(5, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for epoch in range(3):
        adjust(optimizer, epoch)
        for _ in range(3):
            x = torch.randn(6, 5)
            loss = nn.functional.cross_entropy(model(x), (x[:, 0] > 0).long())
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()


main()
