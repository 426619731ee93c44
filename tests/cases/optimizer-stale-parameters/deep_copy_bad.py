"""The starting point is kept by copying; training goes on with one of the two."""
import copy

import torch
from torch import nn

torch.manual_seed(0)
net = nn.Linear(3, 1)
opt = torch.optim.Adam(net.parameters(), lr=0.1)
start = net
net = copy.deepcopy(net)  # expect: optimizer-stale-parameters
for step in range(4):
    x = torch.randn(4, 3)
    loss = (net(x) - x.sum(1, keepdim=True)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
print((net.weight - start.weight).norm().item())
