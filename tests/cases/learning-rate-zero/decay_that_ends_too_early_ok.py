"""A trainer class that decays linearly to nothing."""

import torch
from torch import nn


class Trainer:
    def __init__(self, steps):
        self.steps = steps
        self.net = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 1))
        self.opt = torch.optim.SGD(self.net.parameters(), lr=0.1)
        self.decay = torch.optim.lr_scheduler.LinearLR(self.opt, 1.0, 0.0, total_iters=steps)

    def step(self):
        x = torch.randn(8, 3)
        self.opt.zero_grad()
        nn.functional.l1_loss(self.net(x), x.mean(1, keepdim=True)).backward()
        self.opt.step()
        self.decay.step()

    def fit(self):
        for _ in range(self.steps):
            self.step()


torch.manual_seed(0)
Trainer(20).fit()
