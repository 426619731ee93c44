"""The critic learns at every move; what the policy gave is kept for one backward at the end of the episode."""
import torch
from torch import nn

torch.manual_seed(0)
policy, critic = nn.Linear(3, 2), nn.Linear(3, 1)
policy_optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
critic_optimizer = torch.optim.Adam(critic.parameters(), lr=1e-2)
for episode in range(2):
    kept, values = [], []
    for state in torch.randn(2, 3):
        chances = torch.distributions.Categorical(logits=policy(state))
        move = chances.sample()
        kept.append(chances.log_prob(move))
        value = critic(state)
        critic_optimizer.zero_grad()
        nn.functional.mse_loss(value, move.float().view(1)).backward()
        critic_optimizer.step()
        values.append(value.item())
    loss = -(torch.stack(kept) * torch.tensor(values)).sum()
    policy_optimizer.zero_grad()
    loss.backward()
    policy_optimizer.step()
    print(episode, loss.item())
