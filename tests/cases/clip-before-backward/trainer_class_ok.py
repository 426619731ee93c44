"""Trainer class whose compute_loss also prepares what comes next."""
import torch
from torch import nn


class Trainer:
    def __init__(self, net, bound):
        self.net, self.bound = net, bound
        self.optim = torch.optim.RMSprop(net.parameters(), lr=1e-3)

    def compute_loss(self, x, y):
        loss = nn.functional.cross_entropy(self.net(x), y)
        return loss

    def step(self, x, y):
        self.optim.zero_grad()
        loss = self.compute_loss(x, y)
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), self.bound)
        self.optim.step()
        return loss.item()


torch.manual_seed(0)
trainer = Trainer(nn.Linear(5, 3), bound=0.1)
data = [(torch.randn(4, 5), torch.randint(0, 3, (4,))) for _ in range(2)]
for epoch in range(2):
    for x, y in data:
        value = trainer.step(x, y)
    print(epoch, value)
