"""A generator yields True when an update is due; the loop zips it with the data."""
import itertools

import torch
from torch import nn


def due(every):
    for i in itertools.count(1):
        yield i % every == 0


torch.manual_seed(0)
x_parts, y_parts = torch.randn(8, 3).chunk(4), torch.randn(8, 1).chunk(4)
model = nn.Sequential(nn.Linear(3, 3), nn.Softplus(), nn.Linear(3, 1))
opt = torch.optim.Adamax(model.parameters(), lr=1e-2)
for epoch in range(2):
    for x, y, update in zip(x_parts, y_parts, due(2)):
        nn.functional.mse_loss(model(x), y).div(2).backward()
        if update:
            opt.step()
            opt.zero_grad()
    print(epoch, sum(p.norm().item() for p in model.parameters()))
