"""A GAN whose discriminator has a loss for each half of its batch."""
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
        opt_d.zero_grad()
        on_real = bce(d(real), ones)
        on_fake = bce(d(fake.detach()), zeros)
        on_real.backward()
        on_fake.backward()
        opt_d.step()
        opt_g.zero_grad()
        fooled = bce(d(fake), ones)
        fooled.backward()
        opt_g.step()
    print(epoch, on_real.item(), on_fake.item(), fooled.item())
