"""Accumulation under autocast."""
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Linear(3, 3)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for i in range(4):
    x = torch.randn(4, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = nn.functional.cross_entropy(net(x), x.argmax(1)) / 2
    loss.backward()
    if i % 2 == 1:
        opt.step()
        opt.zero_grad()
    print(i, loss.item() * 2)
