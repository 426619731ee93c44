"""A GAN with a decay for each network."""
import torch
from torch import nn

torch.manual_seed(0)
netG, netD = nn.Linear(3, 2), nn.Linear(2, 1)
optimizerG = torch.optim.Adam(netG.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizerD = torch.optim.Adam(netD.parameters(), lr=1e-3, betas=(0.5, 0.999))
decayG = torch.optim.lr_scheduler.ExponentialLR(optimizerG, 0.9)
decayD = torch.optim.lr_scheduler.ExponentialLR(optimizerD, 0.9)
criterion = nn.BCEWithLogitsLoss()
for epoch in range(2):
    for _ in range(2):
        real = torch.randn(4, 2)
        fake = netG(torch.randn(4, 3))
        optimizerD.zero_grad()
        errD = criterion(netD(real), torch.ones(4, 1)) + criterion(netD(fake.detach()), torch.zeros(4, 1))
        errD.backward()
        optimizerD.step()
        optimizerG.zero_grad()
        errG = criterion(netD(fake), torch.ones(4, 1))
        errG.backward()
        optimizerG.step()
    decayD.step()
    decayG.step()
