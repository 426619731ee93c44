"""Windows of a series, in time order."""
import torch
from torch import nn
from torch.utils.data import DataLoader, Subset, TensorDataset

torch.manual_seed(1)
series = torch.sin(torch.linspace(0, 30, 200)) + 0.1 * torch.randn(200)
windows = series.unfold(0, 9, 1)
data = TensorDataset(windows[:, :8].contiguous(), windows[:, 8:].contiguous())
cut = int(0.8 * len(data))
past = DataLoader(Subset(data, range(cut)), batch_size=32, shuffle=True)
future = DataLoader(Subset(data, range(cut - 8, len(data))), batch_size=32)  # expect: train-validation-overlap
net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.Adam(net.parameters())
for epoch in range(2):
    for x, y in past:
        loss = nn.functional.mse_loss(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        error = sum(nn.functional.mse_loss(net(x), y, reduction="sum").item() for x, y in future)
    print(error / len(future.dataset))
