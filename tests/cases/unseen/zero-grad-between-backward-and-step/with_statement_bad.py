"""A context manager that frames one update: the work before and after is in its two halves."""
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def updating(opt):
    yield
    opt.zero_grad()  # expect: zero-grad-between-backward-and-step
    opt.step()


torch.manual_seed(3)
ranker = nn.Bilinear(3, 3, 1)
opt = torch.optim.Adam(ranker.parameters(), lr=0.02)
for rnd in range(2):
    for left, right in zip(torch.randn(2, 5, 3), torch.randn(2, 5, 3)):
        with updating(opt):
            margin = ranker(left, right) - ranker(right, left)
            loss = nn.functional.softplus(-margin).mean()
            loss.backward()
    print(rnd, loss.item())
