"""A home-made progress bar around the loader, islice around the epoch."""
import itertools
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def progress(iterable, label):
    for n, item in enumerate(iterable, start=1):
        yield item
        print(f"\r{label} {n}", end="", file=sys.stdout)
    print()


torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(16, 3), torch.randn(16, 1)), batch_size=4, shuffle=True)
net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in progress(range(2), "epoch"):
    for x, y in progress(itertools.islice(loader, 2), "batch"):
        opt.zero_grad()
        nn.functional.mse_loss(net(x), y).backward()
        opt.step()
