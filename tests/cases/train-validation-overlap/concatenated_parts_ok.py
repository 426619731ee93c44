"""Two parts are put together for the training."""
import torch
from torch import nn
from torch.utils.data import ConcatDataset, DataLoader, TensorDataset


def part(n):
    x = torch.randn(n, 4)
    return TensorDataset(x, x[:, :1].abs())


torch.manual_seed(0)
first, second, third = part(24), part(24), part(36)
loader = DataLoader(ConcatDataset([first, second]), batch_size=12, shuffle=True)
held_out = DataLoader(third, batch_size=12)
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
loss_fn = nn.MSELoss(reduction="sum")
for epoch in range(2):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss_fn(model(x), y).backward()
        optimizer.step()
    model.eval()
    total = 0.0
    with torch.no_grad():
        for x, y in held_out:
            total += loss_fn(model(x), y).item()
    print(epoch, total / 36)
