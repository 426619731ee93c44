"""A home-made accelerator with backward() and a guarded optimizer, as a small class."""
from contextlib import contextmanager

import torch
from torch import nn


class Shim:
    def __init__(self, every):
        self.every, self.count, self.sync = every, 0, False

    def prepare(self, model, opt):
        return model, GuardedOptimizer(opt, self)

    @contextmanager
    def accumulate(self):
        self.count += 1
        self.sync = self.count % self.every == 0
        yield

    def backward(self, loss):
        (loss / self.every).backward()


class GuardedOptimizer:
    def __init__(self, opt, shim):
        self.opt, self.shim = opt, shim

    def step(self):
        if self.shim.sync:
            self.opt.step()

    def zero_grad(self):
        if self.shim.sync:
            self.opt.zero_grad()


torch.manual_seed(0)
shim = Shim(every=2)
net = nn.Linear(3, 1)
model, optimizer = shim.prepare(net, torch.optim.SGD(net.parameters(), lr=0.1))
for epoch in range(2):
    for x in torch.randn(4, 4, 3):
        with shim.accumulate():
            loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
            shim.backward(loss)
            optimizer.step()
            optimizer.zero_grad()
    print(epoch, loss.item())
