"""Early stopping: validation, patience and the best weights kept in memory."""
import copy

import torch
from torch import nn

torch.manual_seed(0)


def mlp():
    return nn.Sequential(nn.Linear(3, 10), nn.Dropout(p=0.25), nn.ReLU(), nn.Linear(10, 1))


class Stopper:
    def __init__(self, patience):
        self.patience, self.best, self.bad, self.weights = patience, float("inf"), 0, None

    def __call__(self, net, value):
        if value < self.best:
            self.best, self.bad, self.weights = value, 0, copy.deepcopy(net.state_dict())
        else:
            self.bad += 1
        return self.bad > self.patience


def validation_error(net, x, y):
    with torch.no_grad():
        return nn.functional.mse_loss(net.eval()(x), y).item()


net, stop = mlp(), Stopper(patience=5)
opt = torch.optim.Adam(net.parameters())
x, y = torch.randn(12, 3), torch.randn(12, 1)
for epoch in range(2):
    net.train()
    for at in torch.randperm(8).split(4):
        out = net(x[at])
        loss = nn.functional.mse_loss(out, y[at])
        opt.zero_grad()
        loss.backward()
        opt.step()
    if stop(net, validation_error(net, x[8:], y[8:])):
        break
print(stop.best)
