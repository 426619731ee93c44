"""Gradients asked from autograd.grad and written into .grad, parameter by parameter."""
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
params = list(net.parameters())
opt = torch.optim.Adam(params, lr=1e-2)
for epoch in range(2):
    for x in torch.randn(2, 5, 3):
        loss = nn.functional.mse_loss(net(x), x.sum(1, keepdim=True))
        for p, g in zip(params, torch.autograd.grad(loss, params)):
            p.grad = g
        opt.step()
    print(epoch, loss.item())
