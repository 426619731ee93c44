"""A schedule that is stepped by what it was handed to: a loop over a dict of them, and a callback."""
import torch
from torch import nn

torch.manual_seed(0)


class Callbacks:
    def __init__(self, *functions):
        self.functions = functions

    def epoch_end(self):
        for function in self.functions:
            function()


net = nn.ModuleDict({"a": nn.Linear(3, 2), "b": nn.Linear(2, 1)})
optimizers = {name: torch.optim.SGD(part.parameters(), lr=0.1) for name, part in net.items()}
schedules = {name: torch.optim.lr_scheduler.ExponentialLR(opt, 0.9) for name, opt in optimizers.items()}
callbacks = Callbacks(schedules["a"].step, schedules["b"].step)
for epoch in range(2):
    for _ in range(2):
        loss = net["b"](torch.relu(net["a"](torch.randn(4, 3)))).pow(2).mean()
        for opt in optimizers.values():
            opt.zero_grad()
        loss.backward()
        for opt in optimizers.values():
            opt.step()
    callbacks.epoch_end()
