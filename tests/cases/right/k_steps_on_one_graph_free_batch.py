"""Several updates on the same batch, each with its own forward, clearing and step."""
import torch
from torch import nn

torch.manual_seed(0)
policy = nn.Linear(4, 2)
opt = torch.optim.Adam(policy.parameters(), lr=1e-2)
for rollout in range(2):
    states, actions = torch.randn(6, 4), torch.randint(0, 2, (6,))
    advantages = torch.randn(6)
    with torch.no_grad():
        old = policy(states).log_softmax(1).gather(1, actions[:, None]).squeeze(1)
    for _ in range(2):
        new = policy(states).log_softmax(1).gather(1, actions[:, None]).squeeze(1)
        ratio = (new - old).exp()
        loss = -torch.min(ratio * advantages, ratio.clamp(0.8, 1.2) * advantages).mean()
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(policy.parameters(), 0.5)
        opt.step()
    print(rollout, loss.item())
