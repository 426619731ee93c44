"""An iterable dataset mixes its own samples: a loader cannot shuffle it."""
import random

import torch
from torch import nn
from torch.utils.data import DataLoader, IterableDataset


class Stream(IterableDataset):
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        order = list(range(self.n))
        random.shuffle(order)
        for i in order:
            yield torch.full((2,), float(i)), torch.tensor([i * 0.5])


torch.manual_seed(0)
random.seed(0)
loader = DataLoader(Stream(8), batch_size=4)
net = nn.Linear(2, 1)
opt = torch.optim.SGD(net.parameters(), lr=1e-3)
for epoch in range(2):
    for x, y in loader:
        opt.zero_grad()
        nn.functional.mse_loss(net(x), y).backward()
        opt.step()
