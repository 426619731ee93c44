"""Block-coordinate descent: two optimizers over two layers take turns on one loss, and all gradients go at every step."""
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 1))
turns = [torch.optim.SGD(net[0].parameters(), lr=0.05), torch.optim.SGD(net[2].parameters(), lr=0.05)]
for i in range(4):
    x = torch.randn(32, 5)
    loss = (net(x) - x.sum(1, keepdim=True)).pow(2).mean()
    net.zero_grad()
    loss.backward()
    turns[i % 2].step()
print(loss.item())
