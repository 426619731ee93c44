"""Losses of an accumulating loop, kept as pairs."""
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Linear(4, 1)
sgd = torch.optim.SGD(net.parameters(), lr=0.05)
seen = []
for i in range(4):
    x = torch.randn(3, 4)
    loss = nn.functional.l1_loss(net(x), x[:, :1]) / 2
    loss.backward()
    seen += [(i, loss)]  # expect: loss-tensor-kept
    if i % 2 == 1:
        sgd.step()
        sgd.zero_grad()
print([float(value) for _, value in seen])
