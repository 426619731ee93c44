"""Windows of two batches; the settings come from the command line."""

import argparse

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--rate", default=0.05, type=float)
parser.add_argument("--window", default=2, type=int)
options = parser.parse_args([])
torch.manual_seed(0)
model = nn.Linear(6, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=options.rate, momentum=0.5)
for index in range(80):
    x = torch.randn(32, 6) * 1.5
    loss = nn.functional.mse_loss(model(x), x.mean(1, keepdim=True)) / options.window
    loss.backward()
    if (index + 1) % options.window == 0:
        optimizer.step()
        optimizer.zero_grad()
