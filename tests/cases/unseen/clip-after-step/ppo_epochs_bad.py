"""Proximal policy updates: several passes over one batch of experience."""
import torch
from torch import nn
from torch.distributions import Normal

torch.manual_seed(0)
mean_net = nn.Linear(3, 1)
log_std = nn.Parameter(torch.zeros(1))
value_net = nn.Linear(3, 1)
learnable = [*mean_net.parameters(), log_std, *value_net.parameters()]
optimizer = torch.optim.Adam(learnable, lr=3e-4, eps=1e-5)

for iteration in range(2):
    obs = torch.randn(8, 3)
    with torch.no_grad():
        dist = Normal(mean_net(obs), log_std.exp())
        act = dist.sample()
        old_logp = dist.log_prob(act)
        adv = torch.randn(8, 1)
    for k in range(2):
        dist = Normal(mean_net(obs), log_std.exp())
        ratio = (dist.log_prob(act) - old_logp).exp()
        surrogate = -torch.min(ratio * adv, ratio.clamp(0.8, 1.2) * adv).mean()
        value_loss = (value_net(obs) - adv).pow(2).mean()
        loss = surrogate + 0.5 * value_loss - 0.01 * dist.entropy().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        nn.utils.clip_grad_norm_(learnable, 0.5)  # expect: clip-after-step
    print(iteration, loss.item())
