"""Early stopping on a validation loss, in a while loop."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
train = DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), batch_size=4, shuffle=True)
valid = DataLoader(TensorDataset(torch.randn(4, 3), torch.randn(4, 1)), batch_size=2)
net = nn.Sequential(nn.Linear(3, 8), nn.Dropout1d(0.2), nn.Linear(8, 1))
opt = torch.optim.Adam(net.parameters())
huber = nn.HuberLoss()
epoch, best = 0, float("inf")
while epoch < 2:
    for x, y in train:
        opt.zero_grad()
        huber(net(x), y).backward()
        opt.step()
    with torch.no_grad():
        net.eval()
        total = 0.0
        for x, y in valid:
            total += huber(net(x), y).item()
        net.train()
    best = min(best, total)
    epoch += 1
