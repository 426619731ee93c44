"""Layers in a dict by depth, reached by a number."""
import torch
from torch import nn


class Deep(nn.Module):
    def __init__(self, depth=2):
        super().__init__()
        self.depth = depth
        self.stages = nn.ModuleList(nn.Linear(5, 5) for i in range(depth))
        self.last = nn.Linear(5, 2)

    def forward(self, x):
        for i in range(self.depth):
            x = x + torch.relu(self.stages[i](x))
        return self.last(x)


torch.manual_seed(0)
deep = Deep()
opt = torch.optim.SGD(deep.parameters(), lr=0.1)
for step in range(4):
    opt.zero_grad()
    nn.functional.cross_entropy(deep(torch.randn(3, 5)), torch.randint(2, (3,))).backward()
    opt.step()
