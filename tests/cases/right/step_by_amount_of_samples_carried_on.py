"""Batches of many sizes; a step when sixteen samples are together, over the end of an epoch, too."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
pending = 0
for epoch in range(2):
    for n in (4, 13, 2, 7, 8, 5):
        x = torch.randn(n, 3)
        loss = nn.functional.mse_loss(model(x), x[:, :1], reduction="sum") / 16
        loss.backward()
        pending += n
        if pending >= 16:
            optimizer.step()
            optimizer.zero_grad()
            pending = 0
if pending:
    optimizer.step()
    optimizer.zero_grad()
