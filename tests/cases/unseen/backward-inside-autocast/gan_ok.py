"""A GAN under autocast."""
import torch
from torch import nn

torch.manual_seed(0)
g, d = nn.Linear(2, 3), nn.Linear(3, 1)
opt_g, opt_d = (torch.optim.SGD(m.parameters(), lr=0.05) for m in (g, d))
bce = nn.BCEWithLogitsLoss()
for epoch in range(2):
    for real in torch.randn(2, 4, 3):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            fake = g(torch.randn(4, 2))
            d_loss = bce(d(real), torch.ones(4, 1)) + bce(d(fake.detach()), torch.zeros(4, 1))
        opt_d.zero_grad()
        d_loss.backward()
        opt_d.step()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            g_loss = bce(d(fake), torch.ones(4, 1))
            opt_g.zero_grad()
        g_loss.backward()
        opt_g.step()
    print(epoch, d_loss.item(), g_loss.item())
