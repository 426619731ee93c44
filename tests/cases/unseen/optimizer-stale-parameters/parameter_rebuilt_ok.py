"""A learned prompt is made longer before training begins."""
import torch
from torch import nn


class Prompted(nn.Module):
    def __init__(self):
        super().__init__()
        self.prompt = nn.Parameter(torch.zeros(2, 4))
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        return self.head(x + self.prompt.mean(0))


torch.manual_seed(0)
net = Prompted()
net.prompt = nn.Parameter(torch.zeros(5, 4))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for step in range(4):
    opt.zero_grad()
    nn.functional.cross_entropy(net(torch.randn(3, 4)), torch.randint(3, (3,))).backward()
    opt.step()
