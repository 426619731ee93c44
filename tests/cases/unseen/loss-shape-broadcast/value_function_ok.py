"""A value function fitted to returns, beside a policy."""
import torch
from torch import nn

torch.manual_seed(0)
policy, value = nn.Linear(4, 2), nn.Linear(4, 1)
optimizer = torch.optim.Adam([*policy.parameters(), *value.parameters()], lr=1e-2)
for update in range(4):
    states, returns = torch.randn(10, 4), torch.randn(10)
    dist = torch.distributions.Categorical(logits=policy(states))
    values = value(states).squeeze(-1)
    advantage = returns - values.detach().view(-1)
    policy_loss = -(dist.log_prob(dist.sample()) * advantage).mean()
    value_loss = nn.functional.mse_loss(values, returns)
    loss = policy_loss + 0.5 * value_loss
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
