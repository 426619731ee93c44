"""Accelerate: accumulation by hand with no_sync, everything under the guard."""
import contextlib

import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
accelerator = Accelerator(cpu=True)
k = 2
net = nn.Linear(3, 1)
loader = DataLoader(TensorDataset(torch.randn(16, 3), torch.randn(16, 1)), batch_size=4, shuffle=True)
model, opt, loader = accelerator.prepare(net, torch.optim.SGD(net.parameters(), lr=0.1), loader)
for epoch in range(2):
    for i, (x, y) in enumerate(loader):
        due = (i + 1) % k == 0
        with contextlib.nullcontext() if due else accelerator.no_sync(model):
            loss = nn.functional.mse_loss(model(x), y)
            accelerator.backward(loss / k)
        if due:
            opt.step()
            opt.zero_grad()
    accelerator.print(epoch, loss.item())
