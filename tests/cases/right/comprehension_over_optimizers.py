"""Optimizers cleared and stepped in list comprehensions."""
import torch
from torch import nn

torch.manual_seed(0)
nets = [nn.Linear(3, 3), nn.Linear(3, 1)]
opts = [torch.optim.SGD(n.parameters(), lr=0.1) for n in nets]
for epoch in range(2):
    for x in torch.randn(2, 5, 3):
        loss = (nets[1](nets[0](x).relu()) - x[:, :1]).square().mean()
        [o.zero_grad() for o in opts]
        loss.backward()
        [o.step() for o in opts]
    print(epoch, loss.item())
