"""Losses of several scales in a loop."""
import torch
from torch import nn

torch.manual_seed(0)
stages = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])
optimizer = torch.optim.AdamW(stages.parameters(), lr=1e-2)
for epoch in range(2):
    for x in torch.randn(2, 5, 4):
        coarse = stages[0](x)
        fine = stages[1](coarse.tanh())
        loss = nn.functional.l1_loss(coarse, x.flip(1))  # expect: loss-never-backpropagated
        loss = nn.functional.l1_loss(fine, x.cumsum(1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
