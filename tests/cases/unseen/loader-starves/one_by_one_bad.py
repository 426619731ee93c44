"""Samples of a dict, one a batch, gradients of several batches."""
import time

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Records(Dataset):
    def __init__(self, delay):
        self.delay = delay
        self.x = torch.randn(24, 5)

    def __len__(self):
        return 24

    def __getitem__(self, i):
        time.sleep(self.delay)
        return {"features": self.x[i], "target": self.x[i].norm().unsqueeze(0)}


torch.manual_seed(0)
loader = DataLoader(Records(0.075), shuffle=True)  # expect: loader-starves
net = nn.Linear(5, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.01)
for i, batch in enumerate(loader):
    loss = nn.functional.mse_loss(net(batch["features"]), batch["target"]) / 4
    loss.backward()
    if (i + 1) % 4 == 0:
        opt.step()
        opt.zero_grad()
