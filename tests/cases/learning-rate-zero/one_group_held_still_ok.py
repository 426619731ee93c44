"""The backbone's group stands still on purpose, the head's does not; and rates that are tensors are left alone."""

import torch
from torch import nn

torch.manual_seed(0)
body, head = nn.Linear(3, 3), nn.Linear(3, 1)
groups = [{"params": body.parameters(), "lr": 0.0}, {"params": head.parameters(), "lr": 0.1}]
optimizer = torch.optim.SGD(groups)
other = nn.Linear(3, 1)
moving = torch.optim.Adam(other.parameters(), lr=torch.tensor(0.01))
for _ in range(5):
    x = torch.randn(4, 3)
    optimizer.zero_grad()
    moving.zero_grad()
    (head(body(x)).pow(2).mean() + other(x).pow(2).mean()).backward()
    optimizer.step()
    moving.step()
