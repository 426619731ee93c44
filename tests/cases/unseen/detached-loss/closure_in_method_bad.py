"""An optimizer with a closure, inside a method that keeps its losses."""
import torch
from torch import nn


class Fit:
    def __init__(self):
        self.net = nn.Linear(2, 2)
        self.opt = torch.optim.SGD(self.net.parameters(), lr=0.1)
        self.curve = []

    def update(self, x):
        def closure():
            self.opt.zero_grad()
            loss = ((self.net(x) - x) ** 2).mean()
            kept = loss.clone().detach()
            self.curve.append(kept)
            loss = kept.requires_grad_(True)
            loss.backward()  # expect: detached-loss
            return loss

        self.opt.step(closure)


torch.manual_seed(0)
fit = Fit()
for epoch in range(2):
    for x in torch.randn(2, 4, 2):
        fit.update(x)
    print(epoch, float(fit.curve[-1]))
