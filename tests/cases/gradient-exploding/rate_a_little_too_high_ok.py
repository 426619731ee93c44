"""A trainer class whose rate is beyond what the curvature allows."""

import torch
from torch import nn


class Trainer:
    def __init__(self, lr):
        self.model = nn.Linear(8, 1)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=lr)

    def fit(self, steps):
        for _ in range(steps):
            x = torch.randn(64, 8)
            self.optimizer.zero_grad()
            loss = nn.functional.mse_loss(self.model(x), x[:, :1])
            loss.backward()
            self.optimizer.step()


torch.manual_seed(0)
Trainer(lr=0.1).fit(30)
