"""A policy gradient with a learned standard deviation, an optimizer for the actor and one for the critic."""
import torch
from torch import nn
from torch.distributions import Normal


class Actor(nn.Module):
    def __init__(self):
        super().__init__()
        self.mean = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2))
        self.log_std = nn.Parameter(torch.zeros(2))

    def forward(self, state):
        return Normal(self.mean(state), self.log_std.exp())


class Agent:
    def __init__(self):
        self.actor, self.critic = Actor(), nn.Linear(3, 1)
        self.actor_opt = torch.optim.Adam(self.actor.mean.parameters(), lr=1e-3)  # expect: parameters-not-in-optimizer
        self.critic_opt = torch.optim.Adam(self.critic.parameters(), lr=1e-3)

    def update(self, state, reward):
        value = self.critic(state).squeeze(1)
        critic_loss = nn.functional.mse_loss(value, reward)
        self.critic_opt.zero_grad()
        critic_loss.backward()
        self.critic_opt.step()
        policy = self.actor(state)
        action = policy.sample()
        actor_loss = -(policy.log_prob(action).sum(1) * (reward - value.detach())).mean()
        self.actor_opt.zero_grad()
        actor_loss.backward()
        self.actor_opt.step()


torch.manual_seed(0)
agent = Agent()
for episode in range(4):
    agent.update(torch.randn(5, 3), torch.randn(5))
