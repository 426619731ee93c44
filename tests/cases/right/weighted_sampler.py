"""A sampler decides the order; the same data is measured in its own."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

torch.manual_seed(0)
data = TensorDataset(torch.randn(8, 3))
loader = DataLoader(data, batch_size=4, sampler=WeightedRandomSampler(torch.ones(8), 8))
same = DataLoader(data, batch_size=4)
model = nn.Linear(3, 1)
optimizer = torch.optim.Adam(model.parameters())
for epoch in range(2):
    for (x,) in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
        optimizer.step()
    with torch.no_grad():
        total = sum(nn.functional.mse_loss(model(x), x.sum(1, keepdim=True), reduction="sum").item() for (x,) in same)
