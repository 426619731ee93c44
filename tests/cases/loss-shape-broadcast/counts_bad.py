"""Counts of events, by a Poisson likelihood."""
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
for step in range(4):
    x = torch.randn(8, 4)
    counts = torch.poisson(torch.full((8,), 2.0))
    log_rate = model(x)
    optimizer.zero_grad()
    loss = F.poisson_nll_loss(log_rate, counts, log_input=True)  # expect: loss-shape-broadcast
    loss.backward()
    optimizer.step()
