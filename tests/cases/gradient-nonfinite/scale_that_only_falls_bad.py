"""Mixed precision whose scaler never finds a scale."""

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
scaler = torch.amp.GradScaler("cpu")
target = torch.ones(8, 1)
target[0] = float("inf")
for _ in range(40):
    optimizer.zero_grad(set_to_none=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = nn.functional.l1_loss(model(torch.randn(8, 4)), target) ** 2
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()  # expect: gradient-nonfinite
