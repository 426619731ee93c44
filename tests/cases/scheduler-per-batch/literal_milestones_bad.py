"""Milestones in plain numbers, in a function whose number of epochs is a default."""
import torch
from torch import nn
from torch.optim.lr_scheduler import MultiStepLR


def fit(model, batches, epochs=20):
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    sched = MultiStepLR(opt, milestones=[10, 15], gamma=0.2)
    for _ in range(epochs):
        for x, y in batches:
            opt.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            opt.step()
            sched.step()  # expect: scheduler-per-batch


torch.manual_seed(0)
fit(nn.Linear(3, 1), [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)])
