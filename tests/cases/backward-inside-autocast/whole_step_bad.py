"""argparse script with the whole step under autocast."""
import argparse

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--no-amp", action="store_true")
args = parser.parse_args([])
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for epoch in range(2):
    for x in torch.randn(2, 4, 3):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=not args.no_amp):
            loss = (model(x) - x.sum(1, keepdim=True)).abs().mean()
            optimizer.zero_grad()
            loss.backward()  # expect: backward-inside-autocast
            optimizer.step()
    print(epoch, loss.item())
