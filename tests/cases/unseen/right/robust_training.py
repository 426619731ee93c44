"""Adversarial training: the attack is made in evaluation mode, the update in training mode."""
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
opt = torch.optim.SGD(net.parameters(), lr=0.1)


def perturb(x, y, eps=0.1, steps=2):
    net.eval()
    delta = torch.zeros_like(x, requires_grad=True)
    for _ in range(steps):
        nn.functional.cross_entropy(net(x + delta), y).backward()
        with torch.no_grad():
            delta += 0.05 * delta.grad.sign()
            delta.clamp_(-eps, eps)
            delta.grad.zero_()
    net.train()
    return (x + delta).detach()


for epoch in range(2):
    for x in torch.randn(2, 6, 4):
        y = (x.mean(1) > 0).long()
        hard = perturb(x, y)
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(hard), y)
        loss.backward()
        opt.step()
    print(epoch, loss.item())
