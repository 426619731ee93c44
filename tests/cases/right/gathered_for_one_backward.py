"""Losses and log-probabilities gathered for one backward, then dropped: by a new list, by del, by clear."""
import torch
from torch import nn

torch.manual_seed(0)


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(4, 2)
        self.saved = []

    def forward(self, x):
        return self.head(x)


policy = Policy()
optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
kept = []
for episode in range(3):
    losses = []
    for t in range(2):
        state = torch.randn(4)
        dist = torch.distributions.Categorical(logits=policy(state))
        action = dist.sample()
        policy.saved.append(dist.log_prob(action))
        kept.append(policy(state).pow(2).mean())
        losses.append(-policy.saved[-1] * float(state[0]))
    total = sum(losses) + torch.stack(kept).sum() - torch.stack(policy.saved).sum()
    optimizer.zero_grad()
    total.backward()
    optimizer.step()
    del policy.saved[:]
    kept.clear()
    print(episode, total.item())
