"""REINFORCE with a small policy network."""
import torch
from torch import nn


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))

    def forward(self, states):
        return torch.softmax(self.body(states), dim=0)  # expect: softmax-over-batch


torch.manual_seed(0)
policy = Policy()
optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
for episode in range(2):
    states, returns = torch.randn(6, 4), torch.randn(6)
    dist = torch.distributions.Categorical(probs=policy(states))
    actions = dist.sample()
    loss = -(dist.log_prob(actions) * returns).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
