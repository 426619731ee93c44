"""A trainer class with a user's module."""
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 8), nn.Linear(8, 2)

    def forward(self, x):
        return self.second(torch.relu(self.first(x)))


class Trainer:
    def __init__(self):
        self.net = Net()
        self.opt = torch.optim.RMSprop(self.net.parameters(), lr=1e-3)

    def step(self, x, y):
        self.opt.zero_grad()
        loss = nn.functional.cross_entropy(self.net(x), y)
        loss.backward(retain_graph=True)  # expect: retain-graph-unneeded
        self.opt.step()
        return loss.item()


torch.manual_seed(0)
trainer = Trainer()
for epoch in range(2):
    for x in torch.randn(2, 4, 4):
        print(epoch, trainer.step(x, (x.sum(1) > 0).long()))
