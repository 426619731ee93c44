"""Two networks in turn: one is frozen while the other learns to please it, and may then learn itself."""
import argparse

import torch
from torch import nn


def set_requires_grad(net, on):
    for param in net.parameters():
        param.requires_grad = on


parser = argparse.ArgumentParser()
parser.add_argument("--no-judge", dest="judges", action="store_false")
args = parser.parse_args([])
torch.manual_seed(0)
maker, judge = nn.Linear(3, 3), nn.Linear(3, 1)
optimizer_maker = torch.optim.Adam(maker.parameters(), lr=1e-3)
optimizer_judge = torch.optim.Adam(judge.parameters(), lr=1e-3)
for i in range(2):
    x = torch.randn(4, 3)
    set_requires_grad(judge, False)
    made = maker(x)
    loss = (made - x).abs().mean() - judge(made).mean()
    optimizer_maker.zero_grad()
    loss.backward()
    optimizer_maker.step()

    if args.judges:
        set_requires_grad(judge, True)
        loss_judge = judge(made.detach()).pow(2).mean() + (judge(x) - 1).pow(2).mean()
        optimizer_judge.zero_grad()
        loss_judge.backward()
        optimizer_judge.step()
        print(loss_judge.item())
