"""Whole recordings, validated a few at a time."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
training = DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), batch_size=4, shuffle=True, drop_last=True)
recordings = TensorDataset(torch.randn(5, 3), torch.randn(5, 1))
held_out = DataLoader(recordings, batch_size=1, shuffle=False, drop_last=True)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    model.train()
    for x, y in training:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
    model.eval()
    total = 0.0
    with torch.no_grad():
        for x, y in held_out:
            total += nn.functional.mse_loss(model(x), y, reduction="sum").item()
    print(epoch, total)
