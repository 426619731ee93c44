"""A hand-written loop on Accelerate."""
import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
accelerator = Accelerator(cpu=True)
x = torch.randn(40, 4)
y = x.sum(1, keepdim=True)
loader = DataLoader(TensorDataset(x[:30], y[:30]), batch_size=10, shuffle=True)
held_out = DataLoader(TensorDataset(x[25:], y[25:]), batch_size=5)  # expect: train-validation-overlap
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
model, optimizer, loader, held_out = accelerator.prepare(model, optimizer, loader, held_out)
for epoch in range(2):
    for a, b in loader:
        optimizer.zero_grad()
        accelerator.backward(nn.functional.mse_loss(model(a), b))
        optimizer.step()
    with torch.no_grad():
        print(sum(nn.functional.mse_loss(model(a), b, reduction="sum").item() for a, b in held_out))
