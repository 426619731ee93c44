"""A deep flat network of sigmoids."""

import torch
from torch import nn

torch.manual_seed(0)
layers = [nn.Linear(10, 24)]
for _ in range(14):
    layers += [nn.BatchNorm1d(24), nn.Sigmoid(), nn.Linear(24, 24)]
net = nn.Sequential(*layers, nn.Linear(24, 3))
opt = torch.optim.SGD(net.parameters(), lr=0.05)
for i in range(20):
    x = torch.randn(32, 10)
    y = x[:, :3].argmax(1)
    opt.zero_grad()
    loss = nn.functional.cross_entropy(net(x), y)
    loss.backward()
    opt.step()
