"""A schedule by hand that changes the rate in a late phase."""

import torch
from torch import nn


def rate(step):
    return 0.01 if step < 24 else 0.002


def main():
    torch.manual_seed(0)
    model = nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate(0), momentum=0.9)
    for step in range(48):
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        x = torch.randn(32, 4)
        loss = (model(x) - x.sum(1, keepdim=True)).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


main()
