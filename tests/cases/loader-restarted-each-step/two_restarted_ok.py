"""Flat script; a batch of each of two loaders for every step."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
source = DataLoader(TensorDataset(torch.randn(32, 6), torch.randint(0, 3, (32,))), 8, shuffle=True)
target = DataLoader(TensorDataset(torch.randn(32, 6)), 16, shuffle=True)
net = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 3))
optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
sources, targets = iter(source), iter(target)
for step in range(2):
    x, y = next(sources)
    (u,) = next(targets)
    spread = net(u).softmax(-1)
    entropy = -(spread * spread.log()).sum(-1).mean()
    loss = nn.functional.cross_entropy(net(x), y) + 0.1 * entropy
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, loss.item())
