"""A trainer with on_epoch_start and on_epoch_end hooks, chosen by name."""
import torch
from torch import nn


class Loop:
    def __init__(self, hooks):
        self.hooks = hooks

    def call(self, name):
        for when, fn in self.hooks:
            if when == name:
                fn()

    def run(self, epochs, body):
        for epoch in range(epochs):
            self.call("start")
            for x in torch.randn(2, 5, 3):
                body(x)
            self.call("end")


torch.manual_seed(0)
net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
sched = torch.optim.lr_scheduler.ExponentialLR(opt, gamma=0.5)


def advance():
    sched.step()  # expect: scheduler-before-optimizer
    print(sched.get_last_lr())


def body(x):
    opt.zero_grad()
    nn.functional.mse_loss(net(x), x.sum(1, keepdim=True)).backward()
    opt.step()


Loop([("start", advance)]).run(2, body)
