"""Warm-up by a function of the step, in a generator of losses."""
import torch
from torch import nn


def losses(net, opt, steps):
    for _ in range(steps):
        loss = net(torch.randn(4, 3)).pow(2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        yield loss.item()


torch.manual_seed(0)
net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
warm = torch.optim.lr_scheduler.LambdaLR(opt, lambda step: min(1.0, (step + 1) / 4))  # expect: scheduler-never-stepped
for value in losses(net, opt, 4):
    print(value)
