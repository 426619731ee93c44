"""A GAN with two optimizers and two schedules."""
import torch
from torch import nn

torch.manual_seed(0)
generator, critic = nn.Linear(2, 4), nn.Linear(4, 1)
g_opt = torch.optim.Adam(generator.parameters(), lr=2e-4)
d_opt = torch.optim.Adam(critic.parameters(), lr=2e-4)
g_sched = torch.optim.lr_scheduler.LinearLR(g_opt, 1.0, 0.1, total_iters=2)
d_sched = torch.optim.lr_scheduler.LinearLR(d_opt, 1.0, 0.1, total_iters=2)
bce = nn.BCEWithLogitsLoss()
for epoch in range(2):
    for _ in range(2):
        real, fake = torch.randn(4, 4), generator(torch.randn(4, 2))
        d_opt.zero_grad()
        (bce(critic(real), torch.ones(4, 1)) + bce(critic(fake.detach()), torch.zeros(4, 1))).backward()
        d_opt.step()
        g_opt.zero_grad()
        bce(critic(fake), torch.ones(4, 1)).backward()
        g_opt.step()
    d_sched.step()
    g_sched.step()
