"""Losses in a dict, some of them summed."""
import torch
from torch import nn

torch.manual_seed(0)
trunk, a, b = nn.Linear(3, 6), nn.Linear(6, 1), nn.Linear(6, 2)
optimizer = torch.optim.SGD([p for m in (trunk, a, b) for p in m.parameters()], lr=0.1)  # expect: parameters-never-updated
for epoch in range(2):
    for x in torch.randn(2, 4, 3):
        h = torch.tanh(trunk(x))
        losses = {}
        losses["a"] = nn.functional.smooth_l1_loss(a(h), x[:, :1])
        losses["b"] = nn.functional.cross_entropy(b(h), (x[:, 1] > 0).long())  # expect: loss-never-backpropagated
        total = losses["a"]
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
    print(epoch, {name: value.item() for name, value in losses.items()})
