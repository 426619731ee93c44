"""GAN: the generator's loss walks through the discriminator, which is cleared before its own turn."""
import torch
from torch import nn

torch.manual_seed(0)
netG = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 2))
netD = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
optimizerD = torch.optim.Adam(netD.parameters(), lr=2e-4, betas=(0.5, 0.999))
optimizerG = torch.optim.Adam(netG.parameters(), lr=2e-4, betas=(0.5, 0.999))
criterion = nn.BCEWithLogitsLoss()
real_batches = [torch.randn(4, 2) for _ in range(2)]

for epoch in range(2):
    for real in real_batches:
        ones, zeros = torch.ones(4, 1), torch.zeros(4, 1)
        netD.zero_grad()
        errD_real = criterion(netD(real), ones)
        errD_real.backward()
        fake = netG(torch.randn(4, 2))
        errD_fake = criterion(netD(fake.detach()), zeros)
        errD_fake.backward()
        optimizerD.step()

        netG.zero_grad()
        errG = criterion(netD(fake), ones)
        errG.backward()
        optimizerG.step()
    print(epoch, errD_real.item() + errD_fake.item(), errG.item())
