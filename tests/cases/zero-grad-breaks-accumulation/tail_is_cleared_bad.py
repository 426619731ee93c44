"""Accumulation with a guard on the index and on the last batch, through a small function."""
import torch
from torch import nn


def is_update(i, n, k):
    return (i + 1) % k == 0 or i + 1 == n


torch.manual_seed(0)
batches = list(torch.randn(4, 5, 3))
net = nn.Linear(3, 1)
opt = torch.optim.RMSprop(net.parameters(), lr=1e-2)
opt.zero_grad()
for epoch in range(2):
    for i, x in enumerate(batches):
        loss = nn.functional.mse_loss(net(x), x.sum(1, keepdim=True)) / 2
        loss.backward()
        if is_update(i, len(batches), 2):
            opt.step()
        for p in net.parameters():
            p.grad = None  # expect: zero-grad-breaks-accumulation
    print(epoch, loss.item() * 2)
