"""Actor and critic with an optimizer each; the actor climbs the critic's value."""
import torch
from torch import nn

torch.manual_seed(0)
actor = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 2), nn.Tanh())
critic = nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 1))
pi_opt = torch.optim.Adam(actor.parameters(), lr=1e-3)
q_opt = torch.optim.Adam(critic.parameters(), lr=1e-3)


def q_value(obs, act):
    return critic(torch.cat((obs, act), dim=-1))


def learn(obs, act, ret):
    q_opt.zero_grad()
    q_loss = (q_value(obs, act) - ret).pow(2).mean()
    q_loss.backward()
    q_opt.step()

    pi_opt.zero_grad()
    chosen = actor(obs)
    pi_loss = -q_value(obs, chosen).mean()
    pi_loss.backward()
    pi_opt.step()
    return q_loss.item(), pi_loss.item()


for episode in range(2):
    for _ in range(2):
        print(episode, learn(torch.randn(4, 3), torch.rand(4, 2) * 2 - 1, torch.randn(4, 1)))
