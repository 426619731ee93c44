"""A loop that leaves out what is not finite: before the backward, after it, and where the norm says so."""

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for step in range(12):
    x = torch.randn(4, 3)
    if step in (3, 6, 9):
        x[0, 0] = float("nan")
    loss = nn.functional.mse_loss(model(x), torch.zeros(4, 1))
    if step == 3 and not torch.isfinite(loss):
        continue
    loss.backward()
    if step == 6 and not torch.isfinite(loss):
        optimizer.zero_grad()
        continue
    norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    if torch.isfinite(norm):
        optimizer.step()
    optimizer.zero_grad()
