"""A generative pair in helper functions; the discriminator is very sure of itself."""

import torch
from torch import nn

torch.manual_seed(0)
generator = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 4))
critic = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
with torch.no_grad():
    critic[2].bias.fill_(-500.0)
opt_g = torch.optim.SGD(generator.parameters(), lr=1e-3)
opt_d = torch.optim.SGD(critic.parameters(), lr=1e-3)


def deceive(score):
    return nn.functional.softplus(-score).mean()


def train_critic(real, fake):
    opt_d.zero_grad()
    loss = nn.functional.softplus(-critic(real)).mean() + nn.functional.softplus(critic(fake.detach())).mean()
    loss.backward()
    opt_d.step()


def train_generator(fake):
    opt_g.zero_grad()
    loss = deceive(critic(fake))
    loss.backward()
    opt_g.step()


for _ in range(4):
    fake = generator(torch.randn(8, 2))
    train_generator(fake)
    train_critic(torch.randn(8, 4), generator(torch.randn(8, 2)))
