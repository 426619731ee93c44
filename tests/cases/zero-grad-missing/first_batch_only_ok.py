"""Guarded clearing inside enumerate, scheduler per epoch, argparse defaults."""
import argparse

import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--epochs", type=int, default=2)
opts = parser.parse_args([])

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 2), torch.randn(8, 1)), batch_size=4, shuffle=True)
net = nn.Linear(2, 1)
sgd = optim.SGD(net.parameters(), lr=opts.lr)
decay = optim.lr_scheduler.ExponentialLR(sgd, gamma=0.9)

for epoch in range(opts.epochs):
    for i, (x, y) in enumerate(loader):
        net.zero_grad()
        loss = nn.functional.l1_loss(net(x), y)
        loss.backward()
        sgd.step()
    decay.step()
    print(epoch, loss.item(), decay.get_last_lr())
