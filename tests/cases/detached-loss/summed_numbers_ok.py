"""A loss summed from the numbers of its parts."""
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Linear(3, 2)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(2):
    for x in torch.randn(2, 4, 3):
        out = net(x)
        parts = [out.pow(2).mean(), 0.1 * out.abs().mean()]
        loss = sum(parts)
        opt.zero_grad()
        loss.backward()
        opt.step()
