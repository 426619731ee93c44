"""A warm-up by steps that begins at zero, a cosine that ends there, a cycle that touches it."""

import math

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)


def train(optimizer, schedule, steps):
    for _ in range(steps):
        x = torch.randn(4, 3)
        loss = model(x).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()


first = torch.optim.SGD(model.parameters(), lr=0.1)
train(first, torch.optim.lr_scheduler.LambdaLR(first, lambda s: s / 4 if s < 4 else 0.5 * (1 + math.cos(s / 20 * math.pi))), 21)
second = torch.optim.SGD(model.parameters(), lr=0.1)
train(second, torch.optim.lr_scheduler.CyclicLR(second, 0.0, 0.1, step_size_up=3, step_size_down=3), 14)
third = torch.optim.SGD(model.parameters(), lr=0.1)
train(third, torch.optim.lr_scheduler.CosineAnnealingLR(third, T_max=10), 21)
