"""A state tuple goes through pure-looking functions: advance(state, batch) -> state."""
from typing import NamedTuple

import torch
from torch import nn


class State(NamedTuple):
    net: nn.Module
    opt: torch.optim.Optimizer
    sched: torch.optim.lr_scheduler.LRScheduler
    epoch: int


def init(lr=0.1):
    net = nn.Linear(2, 1)
    opt = torch.optim.Adagrad(net.parameters(), lr=lr)
    return State(net, opt, torch.optim.lr_scheduler.ExponentialLR(opt, 0.7), 0)


def advance(state, batch):
    x, y = batch
    state.opt.zero_grad()
    nn.functional.mse_loss(state.net(x), y).backward()
    state.opt.step()
    return state


def next_epoch(state):
    state.sched.step()
    return state._replace(epoch=state.epoch + 1)


torch.manual_seed(0)
state = init()
batches = [(torch.randn(4, 2), torch.randn(4, 1)) for _ in range(2)]
while state.epoch < 2:
    for batch in batches:
        state = advance(state, batch)
    state = next_epoch(state)
    print(state.epoch, state.sched.get_last_lr())
