"""Validation without eval(): layer-norm, no dropout, batch statistics that are never kept."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), batch_size=4, shuffle=True)
val_loader = DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), batch_size=4)
model = nn.Sequential(
    nn.Linear(3, 8), nn.LayerNorm(8), nn.ReLU(), nn.Dropout(0.0), nn.BatchNorm1d(8, track_running_stats=False), nn.Linear(8, 1)
)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for epoch in range(2):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
    total = 0.0
    with torch.no_grad():
        for x, y in val_loader:
            total += nn.functional.mse_loss(model(x), y).item() * len(x)
    print(epoch, total / len(val_loader.dataset))
