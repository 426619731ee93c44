"""A cyclic rate measured in passes over the data, with a dataclass of settings."""
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Settings:
    epochs: int = 2
    high: float = 0.1


settings = Settings()
torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), batch_size=4, shuffle=True)
net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
rate = torch.optim.lr_scheduler.CyclicLR(opt, 0.01, settings.high, step_size_up=len(loader))
for epoch in range(settings.epochs):
    for x, y in loader:
        opt.zero_grad()
        nn.functional.mse_loss(net(x), y).backward()
        opt.step()
        rate.step()
