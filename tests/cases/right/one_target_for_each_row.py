"""Quantiles: every column of the output is held against the same target; centres against every row."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(4, 3)
quantiles = torch.tensor([0.1, 0.5, 0.9])
centre = torch.zeros(1, 3)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(4):
    x = torch.randn(8, 4)
    y = x.sum(1, keepdim=True)
    output = model(x)
    error = y - output
    loss = torch.maximum(quantiles * error, (quantiles - 1) * error).mean()
    loss = loss + 0.1 * nn.functional.smooth_l1_loss(output, y.expand_as(output))
    loss = loss + 0.01 * nn.functional.mse_loss(output, centre.expand_as(output))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
