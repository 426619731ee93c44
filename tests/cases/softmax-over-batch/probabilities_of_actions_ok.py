"""A policy whose probabilities go into a distribution."""
import torch
from torch import nn

torch.manual_seed(0)
policy = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
opt = torch.optim.Adam(policy.parameters())
for episode in range(2):
    states, returns = torch.randn(6, 4), torch.randn(6)
    probabilities = torch.softmax(policy(states), dim=1)
    choice = torch.distributions.Categorical(probs=probabilities)
    loss = -(choice.log_prob(choice.sample()) * returns).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
