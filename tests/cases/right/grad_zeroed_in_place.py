"""A helper zeroes each gradient in place after the update."""
import torch
from torch import nn


def wipe(params):
    for p in params:
        if p.grad is not None:
            p.grad.detach_()
            p.grad.zero_()


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
opt = torch.optim.Adagrad(net.parameters(), lr=0.1)
for epoch in range(2):
    for _ in range(2):
        x = torch.randn(4, 3)
        loss = nn.functional.mse_loss(net(x), x.prod(dim=1, keepdim=True))
        loss.backward()
        opt.step()
        wipe(net.parameters())
    print(epoch, loss.item())
