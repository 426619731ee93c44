"""torch.autograd.backward on a tuple of losses."""
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(2):
    for x in torch.randn(2, 5, 3):
        out = net(x)
        opt.zero_grad()
        torch.autograd.backward((out[:, 0].pow(2).mean(), (out[:, 1] - 1).pow(2).mean()))
        opt.step()
    print(epoch, out.mean().item())
