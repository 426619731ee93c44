"""Critic and generator with an inner loop of critic updates, modules built by one factory."""
import torch
from torch import nn


def block(sizes):
    layers = []
    for a, b in zip(sizes[:-1], sizes[1:]):
        layers += [nn.Linear(a, b), nn.LeakyReLU(0.1)]
    return nn.Sequential(*layers[:-1])


torch.manual_seed(0)
n_critic, z_dim = 2, 3
critic, generator = block([2, 8, 1]), block([z_dim, 8, 2])
opt_c = torch.optim.RMSprop(critic.parameters(), lr=5e-5)
opt_g = torch.optim.RMSprop(generator.parameters(), lr=5e-5)

for it in range(2):
    for _ in range(n_critic):
        real = torch.randn(4, 2)
        with torch.no_grad():
            fake = generator(torch.randn(4, z_dim))
        loss_c = critic(fake).mean() - critic(real).mean()
        loss_c.backward()
        opt_c.step()  # expect: zero-grad-missing
        for p in critic.parameters():
            p.data.clamp_(-0.01, 0.01)
    opt_g.zero_grad()
    loss_g = -critic(generator(torch.randn(4, z_dim))).mean()
    loss_g.backward()
    opt_g.step()
    print(it, loss_c.item(), loss_g.item())
