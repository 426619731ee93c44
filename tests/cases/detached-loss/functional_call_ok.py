"""Flat script; meta-learning with torch.func.functional_call."""
import torch
from torch import nn
from torch.func import functional_call

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(1, 20), nn.Tanh(), nn.Linear(20, 1))
meta_opt = torch.optim.Adam(net.parameters(), lr=1e-3)


def sine_task():
    a, p = torch.rand(2) * 2 + 0.5
    x = torch.rand(10, 1) * 6 - 3
    return x, a * torch.sin(x + p)


for it in range(4):
    meta_opt.zero_grad()
    meta_loss = 0.0
    for _ in range(2):
        x, y = sine_task()
        params = dict(net.named_parameters())
        inner = nn.functional.mse_loss(functional_call(net, params, x[:5]), y[:5])
        grads = torch.autograd.grad(inner, list(params.values()), create_graph=True)
        fast = {k: v - 0.05 * g for (k, v), g in zip(params.items(), grads)}
        outer = nn.functional.mse_loss(functional_call(net, fast, x[5:]), y[5:])
        meta_loss = meta_loss + outer
    meta_loss = meta_loss / 2
    meta_loss.backward()
    meta_opt.step()
print(float(meta_loss))
