"""Convolution and normalisation, kept in pairs."""
import torch
import torch.nn.functional as F
from torch import nn


class Stack(nn.Module):
    def __init__(self, channels=(1, 4, 4)):
        super().__init__()
        pairs = []
        for a, b in zip(channels[:-1], channels[1:]):
            pairs.append((nn.Conv2d(a, b, 3, padding=1), nn.GroupNorm(2, b)))
        self.pairs = pairs  # expect: modules-in-plain-list
        self.head = nn.Linear(channels[-1], 3)

    def forward(self, x):
        for conv, norm in self.pairs:
            x = F.relu(norm(conv(x)))
        return self.head(x.mean((2, 3)))


torch.manual_seed(0)
net = Stack()
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
for step in range(4):
    loss = F.cross_entropy(net(torch.randn(2, 1, 6, 6)), torch.randint(3, (2,)))
    opt.zero_grad()
    loss.backward()
    opt.step()
