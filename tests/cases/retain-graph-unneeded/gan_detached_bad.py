"""A GAN whose discriminator sees a detached sample."""
import torch
from torch import nn

torch.manual_seed(0)
g, d = nn.Linear(2, 3), nn.Linear(3, 1)
opt_g, opt_d = torch.optim.Adam(g.parameters(), lr=1e-3), torch.optim.Adam(d.parameters(), lr=1e-3)
bce = nn.BCEWithLogitsLoss()
ones, zeros = torch.ones(4, 1), torch.zeros(4, 1)
for epoch in range(2):
    for real in torch.randn(2, 4, 3):
        fake = g(torch.randn(4, 2))
        d_loss = bce(d(real), ones) + bce(d(fake.detach()), zeros)
        opt_d.zero_grad()
        d_loss.backward(retain_graph=True)  # expect: retain-graph-unneeded
        opt_d.step()
        g_loss = bce(d(fake), ones)
        opt_g.zero_grad()
        g_loss.backward()
        opt_g.step()
    print(epoch, d_loss.item(), g_loss.item())
