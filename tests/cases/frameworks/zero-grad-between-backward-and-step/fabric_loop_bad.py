"""Fabric: setup() and fabric.backward() in a plain loop."""
import torch
from lightning_fabric import Fabric
from torch import nn

torch.manual_seed(0)
fabric = Fabric(accelerator="cpu", devices=1)
module = nn.Linear(3, 1)
model, optimizer = fabric.setup(module, torch.optim.Adam(module.parameters(), lr=1e-2))
batches = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]
for epoch in range(2):
    for x, y in batches:
        loss = nn.functional.mse_loss(model(x), y)
        fabric.backward(loss)
        optimizer.zero_grad()  # expect: zero-grad-between-backward-and-step
        optimizer.step()
    print(epoch, loss.item())
