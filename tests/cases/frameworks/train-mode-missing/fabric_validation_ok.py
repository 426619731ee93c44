"""Fabric: a validation inside the loop over the epochs."""
import torch
from lightning_fabric import Fabric
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
fabric = Fabric(accelerator="cpu", devices=1)
model = nn.Sequential(nn.Linear(3, 6), nn.Dropout(0.2), nn.Linear(6, 1))
model, optimizer = fabric.setup(model, torch.optim.SGD(model.parameters(), lr=0.1))
make = lambda: TensorDataset(torch.randn(8, 3), torch.randn(8, 1))
train, val = fabric.setup_dataloaders(DataLoader(make(), batch_size=4, shuffle=True), DataLoader(make(), batch_size=4))
for epoch in range(2):
    model.train()
    for x, y in train:
        optimizer.zero_grad()
        fabric.backward(nn.functional.mse_loss(model(x), y))
        optimizer.step()
    model.eval()
    with torch.no_grad():
        print(epoch, sum(nn.functional.mse_loss(model(x), y).item() for x, y in val))
