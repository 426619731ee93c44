"""The critic learns every batch, the actor every second one, each with its own optimizer."""
import torch
from torch import nn

torch.manual_seed(0)
actor, critic = nn.Linear(3, 1), nn.Linear(4, 1)
actor_opt = torch.optim.Adam(actor.parameters(), lr=1e-3)
critic_opt = torch.optim.Adam(critic.parameters(), lr=1e-3)
delay = 2

for it in range(4):
    state, reward = torch.randn(5, 3), torch.randn(5, 1)
    action = torch.randn(5, 1)
    critic_loss = nn.functional.mse_loss(critic(torch.cat([state, action], 1)), reward)
    critic_opt.zero_grad()
    critic_loss.backward()
    critic_opt.step()
    if it % delay == 0:
        actor_loss = -critic(torch.cat([state, actor(state)], 1)).mean()
        actor_opt.zero_grad()
        actor_loss.backward()
        actor_opt.step()
    print(it, critic_loss.item(), actor_loss.item())
