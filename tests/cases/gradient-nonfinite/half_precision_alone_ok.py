"""A model in half precision, with no scaler."""

import torch
from torch import nn

torch.manual_seed(0)
kind = torch.float32
model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1)).to(kind)
optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
for step in range(6):
    x = torch.randn(32, 8, dtype=kind) * (50 if step < 3 else 5000)
    loss = (model(x) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
