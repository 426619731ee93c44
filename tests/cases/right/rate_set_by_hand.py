"""No scheduler object: the rate is computed and written into the groups at every step."""
import math

import torch
from torch import nn

torch.manual_seed(0)
max_steps, warm, top = 4, 1, 0.1
net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=top)


def rate(step):
    if step < warm:
        return top * (step + 1) / (warm + 1)
    return 0.5 * top * (1 + math.cos(math.pi * (step - warm) / (max_steps - warm)))


for step in range(max_steps):
    for group in opt.param_groups:
        group["lr"] = rate(step)
    x = torch.randn(5, 3)
    loss = nn.functional.mse_loss(net(x), x.sum(1, keepdim=True))
    opt.zero_grad(set_to_none=True)
    loss.backward()
    opt.step()
    print(step, rate(step), loss.item())
