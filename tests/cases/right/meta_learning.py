"""Meta-learning: an inner SGD loop on a copy, then the outer gradients are written by hand."""
import copy

import torch
from torch import nn

torch.manual_seed(0)
meta = nn.Linear(2, 1)
outer = torch.optim.Adam(meta.parameters(), lr=1e-2)


def sample_task():
    w = torch.randn(2, 1)
    x = torch.randn(8, 2)
    return x, x @ w


for iteration in range(2):
    outer.zero_grad()
    for p in meta.parameters():
        p.grad = torch.zeros_like(p)
    for task in range(2):
        x, y = sample_task()
        learner = copy.deepcopy(meta)
        inner = torch.optim.SGD(learner.parameters(), lr=0.1)
        for _ in range(2):
            loss = nn.functional.mse_loss(learner(x), y)
            inner.zero_grad()
            loss.backward()
            inner.step()
        for p, q in zip(meta.parameters(), learner.parameters()):
            p.grad += (p.data - q.data) / 2
    outer.step()
    print(iteration, loss.item())
