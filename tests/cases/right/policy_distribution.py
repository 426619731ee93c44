"""A policy that samples from its softmax, and imitates an expert from its logits."""
import torch
import torch.nn.functional as F
from torch import nn


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))

    def forward(self, state):
        logits = self.net(state)
        probabilities = F.softmax(logits, dim=-1)
        return torch.distributions.Categorical(probs=probabilities), logits


torch.manual_seed(0)
policy = Policy()
optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
for episode in range(2):
    for _ in range(2):
        state = torch.randn(4, 4)
        distribution, logits = policy(state)
        action = distribution.sample()
        reward = torch.randn(4)
        imitation = F.cross_entropy(logits, torch.randint(3, (4,)))
        loss = -(distribution.log_prob(action) * reward).mean() + 0.1 * imitation
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(episode, loss.item())
