"""Wasserstein critic with a gradient penalty: autograd.grad and create_graph inside the loss."""
import torch
from torch import nn

torch.manual_seed(0)
critic = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
generator = nn.Linear(3, 2)
opt_c = torch.optim.Adam(critic.parameters(), lr=1e-3)
opt_g = torch.optim.Adam(generator.parameters(), lr=1e-3)


def penalty(real, fake):
    mix = torch.rand(len(real), 1)
    point = (mix * real + (1 - mix) * fake).requires_grad_(True)
    score = critic(point)
    (slope,) = torch.autograd.grad(score.sum(), point, create_graph=True, retain_graph=True)
    return ((slope.norm(2, dim=1) - 1) ** 2).mean()


for epoch in range(2):
    for real in torch.randn(2, 4, 2):
        fake = generator(torch.randn(4, 3)).detach()
        opt_c.zero_grad()
        loss_c = critic(fake).mean() - critic(real).mean() + 10 * penalty(real, fake)
        loss_c.backward()
        opt_c.step()

        opt_g.zero_grad()
        loss_g = -critic(generator(torch.randn(4, 3))).mean()
        loss_g.backward()
        opt_g.step()
    print(epoch, loss_c.item(), loss_g.item())
