"""A helper does the update for whichever network is given."""
import torch
from torch import nn


def update(optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def main():
    torch.manual_seed(0)
    actor, critic = nn.Linear(4, 1), nn.Linear(5, 1)
    actor_opt = torch.optim.Adam(actor.parameters())
    critic_opt = torch.optim.Adam(critic.parameters())
    for _ in range(2):
        s, r = torch.randn(8, 4), torch.randn(8, 1)
        with torch.no_grad():
            a = actor(s)
        update(critic_opt, nn.functional.mse_loss(critic(torch.cat([s, a], 1)), r))
        update(actor_opt, -critic(torch.cat([s, actor(s)], 1)).mean())


main()
