"""The end of an iteration is given as a lambda to a small driver."""
import torch
from torch import nn


def drive(batches, compute, at_end):
    for batch in batches:
        loss = compute(batch)
        loss.backward()
        at_end()
        yield loss.item()


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(2, 5), nn.Sigmoid(), nn.Linear(5, 1))
optimizer = torch.optim.Rprop(net.parameters())


def compute(xy):
    optimizer.zero_grad()
    return nn.functional.poisson_nll_loss(net(xy), xy.abs().sum(1, keepdim=True))


data = [torch.randn(6, 2) for _ in range(2)]
for epoch in range(2):
    print(epoch, list(drive(data, compute, at_end=lambda: optimizer.step())))
