"""A flat script whose negative log-likelihood is written by hand."""

import torch
from torch import nn

torch.manual_seed(0)
net = nn.Linear(4, 3)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for i in range(8):
    x = torch.randn(16, 4)
    y = torch.randint(0, 3, (16,))
    if i == 5:
        x[0] *= 1000
    opt.zero_grad()
    p = torch.softmax(net(x), dim=1)
    nll = -torch.log(p[torch.arange(16), y]).mean()
    nll.backward()  # expect: gradient-nonfinite
    opt.step()
