"""Epoch milestones computed from a config dict, in a script with helper functions."""
import torch
from torch import nn, optim

CONFIG = {"epochs": 4, "batches": 2, "lr": 0.1}


def build():
    net = nn.Linear(3, 1)
    opt = optim.SGD(net.parameters(), lr=CONFIG["lr"])
    at = [CONFIG["epochs"] // 2, CONFIG["epochs"] - 1]
    return net, opt, optim.lr_scheduler.MultiStepLR(opt, at, gamma=0.1)


def batches():
    for _ in range(CONFIG["batches"]):
        x = torch.randn(5, 3)
        yield x, x.sum(1, keepdim=True)


torch.manual_seed(0)
net, opt, sched = build()
for epoch in range(CONFIG["epochs"]):
    for x, y in batches():
        opt.zero_grad()
        nn.functional.mse_loss(net(x), y).backward()
        opt.step()
        sched.step()  # expect: scheduler-per-batch
    print(epoch, sched.get_last_lr())
