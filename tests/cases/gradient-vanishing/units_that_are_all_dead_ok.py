"""A bias pushes every unit of a layer below zero, for good."""

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 12), nn.ReLU(), nn.Linear(12, 2))
with torch.no_grad():
    model[2].bias.fill_(0.1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)


def step(batch):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(batch), (batch[:, 0] > 0).long())
    loss.backward()
    optimizer.step()
    return loss.item()


history = [step(torch.randn(16, 6)) for _ in range(20)]
