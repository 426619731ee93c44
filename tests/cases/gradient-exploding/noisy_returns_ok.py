"""A policy whose returns grow from episode to episode, and vary wildly."""

import torch
from torch import nn
from torch.distributions import Categorical

torch.manual_seed(0)
policy = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 2))
optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
for episode in range(60):
    length = int(torch.randint(4, 12 + episode, (1,)))
    states = torch.randn(length, 3)
    choice = Categorical(logits=policy(states))
    actions = choice.sample()
    rewards = (actions == (states[:, 0] > 0)).float()
    returns = rewards.flip(0).cumsum(0).flip(0)
    loss = -(choice.log_prob(actions) * returns).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
