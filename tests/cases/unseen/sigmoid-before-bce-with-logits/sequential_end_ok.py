"""A discriminator built with Sequential, flat."""
import torch
from torch import nn

torch.manual_seed(0)
layers = [nn.Linear(6, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1)]
discriminator = nn.Sequential(*layers)
opt = torch.optim.Adam(discriminator.parameters(), lr=2e-4)
loss_fn = nn.BCEWithLogitsLoss()
for _ in range(2):
    real, noise = torch.randn(4, 6), torch.rand(4, 6)
    opt.zero_grad()
    batch = torch.cat([real, noise])
    target = torch.cat([torch.ones(4, 1), torch.zeros(4, 1)])
    loss = loss_fn(discriminator(batch), target)
    loss.backward()
    opt.step()
