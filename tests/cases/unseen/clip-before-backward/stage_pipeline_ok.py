"""One iteration is a tuple of stages, called one after the other on a shared state."""
from types import SimpleNamespace

import torch
from torch import nn


def clear(s):
    s.opt.zero_grad()


def predict(s):
    s.loss = nn.functional.gaussian_nll_loss(s.net(s.x), s.y, torch.ones_like(s.y))


def walk_back(s):
    s.loss.backward()


def bound(s):
    s.norm = nn.utils.clip_grad_norm_(s.net.parameters(), 1.0)


def move(s):
    s.opt.step()


STAGES = (clear, predict, walk_back, bound, move)

torch.manual_seed(0)
s = SimpleNamespace(net=nn.Linear(3, 1))
s.opt = torch.optim.Adadelta(s.net.parameters())
for epoch in range(2):
    for s.x, s.y in [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]:
        for stage in STAGES:
            stage(s)
    print(epoch, s.loss.item(), s.norm.item())
