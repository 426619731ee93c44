"""Two optimizers step before one update of their scaler."""
import torch
from torch import nn

torch.manual_seed(0)
a, b = nn.Linear(2, 2), nn.Linear(2, 1)
opt_a = torch.optim.SGD(a.parameters(), lr=0.05)
opt_b = torch.optim.SGD(b.parameters(), lr=0.05)
scaler = torch.amp.GradScaler("cpu")
for epoch in range(2):
    for x in torch.randn(2, 4, 2):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = a(x)
            first = hidden.abs().mean()
        opt_a.zero_grad()
        scaler.scale(first).backward()
        scaler.step(opt_a)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            second = b(hidden.detach()).square().mean()
        opt_b.zero_grad()
        scaler.scale(second).backward()
        scaler.step(opt_b)
        scaler.update()
    print(epoch, first.item(), second.item())
