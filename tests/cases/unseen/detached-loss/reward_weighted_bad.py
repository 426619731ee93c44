"""A policy gradient with rewards to go, one episode an update."""
import torch
from torch import nn

torch.manual_seed(0)
policy = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
for episode in range(2):
    log_probs, rewards = [], []
    for t in range(3):
        state = torch.randn(4)
        dist = torch.distributions.Categorical(logits=policy(state))
        action = dist.sample()
        log_probs.append(dist.log_prob(action))
        rewards.append(float(state[0]) + float(action))
    returns = torch.tensor(rewards).flip(0).cumsum(0).flip(0)
    loss = -(torch.stack(log_probs) * returns).sum()
    loss = torch.as_tensor(float(loss), dtype=torch.float32)
    loss.requires_grad = True
    optimizer.zero_grad()
    loss.backward()  # expect: detached-loss
    optimizer.step()
    print(episode, loss.item())
