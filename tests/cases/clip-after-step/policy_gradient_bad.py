"""Reinforcement-learning flavour: a policy updated once an episode."""
import torch
from torch import nn
from torch.distributions import Categorical

torch.manual_seed(0)
policy = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)


def rollout(length=3):
    log_probs, rewards = [], []
    state = torch.randn(4)
    for _ in range(length):
        dist = Categorical(logits=policy(state))
        action = dist.sample()
        log_probs.append(dist.log_prob(action))
        rewards.append(float(action) - state.mean().item())
        state = torch.randn(4)
    return torch.stack(log_probs), torch.tensor(rewards)


def finish_episode():
    log_probs, rewards = rollout()
    returns = rewards.flip(0).cumsum(0).flip(0)
    loss = -(log_probs * returns).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    nn.utils.clip_grad_norm_(policy.parameters(), 0.5)  # expect: clip-after-step
    return loss.item()


for episode in range(2):
    print(episode, finish_episode())
