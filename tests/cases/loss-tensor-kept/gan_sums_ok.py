"""A GAN that sums up the losses of both players."""
import torch
from torch import nn

torch.manual_seed(0)
g, d = nn.Linear(2, 3), nn.Linear(3, 1)
opt_g, opt_d = torch.optim.Adam(g.parameters(), lr=1e-3), torch.optim.Adam(d.parameters(), lr=1e-3)
bce = nn.BCEWithLogitsLoss()
for epoch in range(2):
    sum_d = sum_g = 0.0
    for real in torch.randn(2, 4, 3):
        fake = g(torch.randn(4, 2))
        d_loss = bce(d(real), torch.ones(4, 1)) + bce(d(fake.detach()), torch.zeros(4, 1))
        opt_d.zero_grad()
        d_loss.backward()
        opt_d.step()
        g_loss = bce(d(fake), torch.ones(4, 1))
        opt_g.zero_grad()
        g_loss.backward()
        opt_g.step()
        sum_d += d_loss.item()
        sum_g = sum_g + g_loss.item()
    print(epoch, sum_d, float(sum_g))
