"""A GAN whose discriminator is judged by one loss object."""
import torch
from torch import nn


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(nn.Linear(4, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))

    def forward(self, x):
        return self.main(x).view(-1)


torch.manual_seed(0)
generator = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 4))
discriminator = Discriminator()
d_opt = torch.optim.Adam(discriminator.parameters(), lr=2e-4)
g_opt = torch.optim.Adam(generator.parameters(), lr=2e-4)
bce = nn.BCEWithLogitsLoss()
for step in range(4):
    real, fake = torch.randn(4, 4), generator(torch.randn(4, 2))
    d_opt.zero_grad()
    d_loss = bce(discriminator(real), torch.ones(4))
    d_loss = d_loss + bce(discriminator(fake.detach()), torch.zeros(4))
    d_loss.backward()
    d_opt.step()
    g_opt.zero_grad()
    bce(discriminator(fake), torch.ones(4)).backward()
    g_opt.step()
