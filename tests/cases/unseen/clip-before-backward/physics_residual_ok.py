"""Physics-informed network: the derivative inside the loss needs autograd.grad."""
import torch
from torch import nn

torch.manual_seed(0)
u = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
opt = torch.optim.Adam(u.parameters(), lr=1e-2)


def residual(points):
    points.requires_grad_(True)
    value = u(points)
    (slope,) = torch.autograd.grad(value, points, torch.ones_like(value), create_graph=True)
    return (slope + value).pow(2).mean() + (u(torch.zeros(1, 1)) - 1).pow(2).mean()


for it in range(2):
    opt.zero_grad(set_to_none=True)
    loss = residual(torch.rand(6, 1))
    loss.backward()
    total_norm = nn.utils.clip_grad_norm_(u.parameters(), 10.0)
    opt.step()
    print(it, loss.item(), float(total_norm))
