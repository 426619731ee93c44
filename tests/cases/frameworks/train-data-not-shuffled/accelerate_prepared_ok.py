"""Accelerate: loaders made in a dictionary and prepared together."""
import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
accelerator = Accelerator(cpu=True)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
sets = {name: TensorDataset(torch.randn(8, 3), torch.randn(8, 1)) for name in ("train", "val")}
train = DataLoader(sets["train"], batch_size=4, shuffle=True)
val = DataLoader(sets["val"], batch_size=4)
model, optimizer, train, val = accelerator.prepare(model, optimizer, train, val)
for epoch in range(2):
    for x, y in train:
        optimizer.zero_grad()
        accelerator.backward(nn.functional.mse_loss(model(x), y))
        optimizer.step()
    with torch.no_grad():
        print(epoch, sum(nn.functional.mse_loss(model(x), y).item() for x, y in val))
