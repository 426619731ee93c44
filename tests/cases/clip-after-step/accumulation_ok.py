"""Accumulation: clip, step and clear under one modulo guard."""
import torch
from torch import nn

torch.manual_seed(0)
STEPS = 2
model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
batches = [(torch.randn(2, 3), torch.randn(2, 1)) for _ in range(4)]

for epoch in range(2):
    for i, (x, y) in enumerate(batches):
        loss = nn.functional.mse_loss(model(x), y)
        (loss / STEPS).backward()
        if i % STEPS == STEPS - 1:
            nn.utils.clip_grad_value_(model.parameters(), 0.1)
            optimizer.step()
            optimizer.zero_grad()
    print(epoch, loss.item())
