"""Schedules kept in a list and advanced in a loop over it."""
import torch
from torch import nn

torch.manual_seed(0)
player, opponent = nn.Linear(2, 2), nn.Linear(2, 1)
opts = [torch.optim.Adam(player.parameters(), lr=1e-3), torch.optim.Adam(opponent.parameters(), lr=1e-3)]
schedules = [torch.optim.lr_scheduler.ExponentialLR(o, 0.9) for o in opts]

for epoch in range(2):
    for schedule in schedules:
        schedule.step()  # expect: scheduler-before-optimizer
    for z in torch.randn(2, 4, 2):
        made = player(z)
        loss_o = opponent(made.detach()).mean() - opponent(z).mean()
        opts[1].zero_grad()
        loss_o.backward()
        opts[1].step()
        loss_p = -opponent(made).mean()
        opts[0].zero_grad()
        loss_p.backward()
        opts[0].step()
    print(epoch, loss_o.item(), loss_p.item())
