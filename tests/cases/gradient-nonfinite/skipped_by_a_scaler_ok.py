"""A GradScaler that skips two steps, and goes on."""

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
for step in range(24):
    x = torch.randn(4, 3)
    if step in (2, 11):
        x = x * float("inf")
    loss = nn.functional.smooth_l1_loss(model(x), torch.zeros(4, 1))
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.step(optimizer)
    scaler.update()
    optimizer.zero_grad()
