"""A validation class with a guard object that is chosen by an expression."""
import contextlib

import torch
from torch import nn


class Validator:
    def __init__(self, net, data, quick=False):
        self.net, self.data, self.quick = net, data, quick

    def guard(self):
        return torch.no_grad() if not self.quick else torch.inference_mode()

    def __call__(self):
        self.net.eval()
        hits = 0
        with self.guard():
            for x in self.data:
                hits += int((self.net(x).argmax(1) == (x[:, 0] > 0)).sum())
        return hits / 10


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 6), nn.BatchNorm1d(6), nn.Linear(6, 2))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
validate = Validator(net, torch.randn(2, 5, 3))
for epoch in range(2):
    net.train()
    for x in torch.randn(2, 5, 3):
        opt.zero_grad()
        nn.functional.cross_entropy(net(x), (x[:, 0] > 0).long()).backward()
        opt.step()
    print(epoch, validate())
