"""Gradients that live in one flat buffer: clearing the buffer clears them all."""
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 1))
buffer = torch.zeros(sum(p.numel() for p in net.parameters()))
start = 0
for p in net.parameters():
    p.grad = buffer[start : start + p.numel()].view_as(p)
    start += p.numel()
optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
for step in range(8):
    x = torch.randn(16, 4)
    buffer.zero_()
    loss = nn.functional.mse_loss(net(x), x.sum(1, keepdim=True))
    loss.backward()
    optimizer.step()
print(loss.item())
