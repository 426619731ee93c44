"""Features are scaled by their own spread in the batch; one of them never changes."""

import torch
from torch import nn


def scaled(x):
    return (x - x.mean(0)) / x.std(0)


torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 2))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
step = 0
while step < 5:
    x = torch.randn(12, 4)
    x[:, 3] = 1.0
    logits = model(scaled(x))
    loss = nn.CrossEntropyLoss()(logits, (x[:, 0] > 0).long())
    loss.backward()  # expect: gradient-nonfinite
    optimizer.step()
    optimizer.zero_grad()
    step += 1
