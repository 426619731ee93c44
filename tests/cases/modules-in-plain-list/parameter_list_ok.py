"""Layers in a plain list; their parameters in a ParameterList."""
import torch
from torch import nn

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = []
        self.weights = []
        for _ in range(2):
            self.blocks.append(self.make())
        self.weights = nn.ParameterList(self.weights)
        self.out = nn.Linear(3, 3)

    def make(self):
        block = nn.Linear(3, 3)
        self.weights.extend(block.parameters())
        return block

    def forward(self, x):
        for block in self.blocks:
            x = torch.relu(block(x))
        return self.out(x)


net = Net()
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
for _ in range(3):
    x = torch.randn(8, 3)
    optimizer.zero_grad()
    loss = (net(x) - x).pow(2).mean()
    loss.backward()
    optimizer.step()
