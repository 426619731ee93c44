"""A closure returned by a factory, clipping by value, config in a dataclass."""
from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class Hyper:
    lr: float = 1e-2
    clip_value: float = 0.5
    amp: bool = True


def make_step(net, hyper):
    opt = torch.optim.Adam(net.parameters(), lr=hyper.lr)
    scaler = torch.amp.GradScaler("cpu", enabled=hyper.amp)

    def step(x, y):
        opt.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=hyper.amp):
            loss = nn.functional.l1_loss(net(x), y)
        scaler.scale(loss).backward()
        scaler.unscale_(opt)
        nn.utils.clip_grad_value_(net.parameters(), hyper.clip_value)
        scaler.step(opt)
        scaler.update()
        return loss.item()

    return step


torch.manual_seed(0)
step = make_step(nn.Linear(2, 1), Hyper())
for epoch in range(2):
    for _ in range(2):
        x = torch.rand(4, 2)
        print(epoch, step(x, x.sum(dim=1, keepdim=True)))
