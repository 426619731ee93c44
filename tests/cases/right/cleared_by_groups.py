"""Clearing goes through the optimizer's param_groups by hand."""
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Linear(3, 2)
opt = torch.optim.SGD([{"params": [net.weight], "weight_decay": 1e-2}, {"params": [net.bias]}], lr=0.1)


def forget(optimizer):
    for group in optimizer.param_groups:
        for p in group["params"]:
            p.grad = None


for epoch in range(2):
    for x in torch.randn(2, 5, 3):
        loss = nn.functional.cross_entropy(net(x), x.argmax(1).clamp(max=1))
        forget(opt)
        loss.backward()
        opt.step()
    print(epoch, loss.item())
