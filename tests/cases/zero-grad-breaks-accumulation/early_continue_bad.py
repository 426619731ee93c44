"""Accumulation by early continue: most batches leave before the update."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 5), nn.ELU(), nn.Linear(5, 1))
opt = torch.optim.SGD(model.parameters(), lr=0.1)
data = [(torch.randn(2, 3), torch.randn(2, 1)) for _ in range(4)]
EVERY = 2

for epoch in range(2):
    for n, (x, y) in enumerate(data, start=1):
        loss = nn.functional.mse_loss(model(x), y) / EVERY
        loss.backward()
        if n % EVERY != 0:
            opt.zero_grad()  # expect: zero-grad-breaks-accumulation
            continue
        opt.step()
        opt.zero_grad()
    print("epoch", epoch, "loss", loss.item())
