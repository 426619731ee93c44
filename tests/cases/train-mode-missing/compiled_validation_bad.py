"""A compiled model with batch norm, validated after each pass."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
model = torch.compile(net, backend="eager")
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
make = lambda: TensorDataset(torch.randn(8, 4), torch.randn(8, 1))
train, val = DataLoader(make(), batch_size=4, shuffle=True), DataLoader(make(), batch_size=4)
for epoch in range(2):
    for x, y in train:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()  # expect: train-mode-missing
        optimizer.step()
    model.eval()
    with torch.no_grad():
        print(epoch, sum(nn.functional.mse_loss(model(x), y).item() for x, y in val))
