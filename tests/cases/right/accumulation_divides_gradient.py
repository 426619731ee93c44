"""Accumulation with summed losses; the gradient is divided once before the step."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 2)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
micro = [(torch.randn(2, 3), torch.randn(2, 2)) for _ in range(4)]

for epoch in range(2):
    for start in range(0, len(micro), 2):
        optimizer.zero_grad()
        for x, y in micro[start:start + 2]:
            nn.functional.mse_loss(model(x), y).backward()
        for p in model.parameters():
            p.grad.div_(2)
        optimizer.step()
    print(epoch, model.bias.tolist())
