"""A regression in which one batch is a hundred times too large."""

import torch
from torch import nn

torch.manual_seed(0)
net = nn.Linear(5, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.02)
for i in range(40):
    x = torch.randn(16, 5)
    y = x.sum(1, keepdim=True)
    if i == 18:
        x, y = x * 25, y * 25
    opt.zero_grad()
    loss = nn.functional.mse_loss(net(x), y)
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    opt.step()
