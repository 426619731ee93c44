"""Losses are summed with their graphs inside one step, and walked once."""
import torch
from torch import nn

torch.manual_seed(0)
cell, out = nn.GRUCell(3, 5), nn.Linear(5, 3)
opt = torch.optim.Adam([*cell.parameters(), *out.parameters()], lr=1e-3)
logged = 0.0
for _ in range(2):
    seq = torch.randn(6, 4, 3)
    h, losses = torch.zeros(4, 5), []
    for t in range(5):
        h = cell(seq[t], h)
        losses.append(nn.functional.mse_loss(out(h), seq[t + 1]))
    total = torch.stack(losses).mean()
    opt.zero_grad()
    total.backward()
    opt.step()
    logged += total.detach()
print(float(logged))
