"""Pre-training, then a new classifier in a method, in one class."""
import torch
from torch import nn


class Learner:
    def __init__(self):
        self.net = nn.Sequential(nn.Linear(4, 6), nn.ReLU())
        self.net.append(nn.Linear(6, 4))
        self.opt = torch.optim.Adam(self.net.parameters(), lr=1e-2)

    def to_classes(self, classes):
        self.net[2] = nn.Linear(6, classes)  # expect: optimizer-stale-parameters

    def update(self, loss):
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()


torch.manual_seed(0)
learner = Learner()
for _ in range(2):
    x = torch.randn(3, 4)
    learner.update(nn.functional.mse_loss(learner.net(x), x))
learner.to_classes(3)
for _ in range(2):
    learner.update(nn.functional.cross_entropy(learner.net(torch.randn(3, 4)), torch.randint(3, (3,))))
