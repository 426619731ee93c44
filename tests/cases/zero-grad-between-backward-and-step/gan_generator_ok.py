"""GAN: the two updates share one criterion; the second follows the first closely."""
import torch
from torch import nn

torch.manual_seed(0)
gen = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2))
dis = nn.Sequential(nn.Linear(2, 6), nn.LeakyReLU(0.2), nn.Linear(6, 1))
criterion = nn.BCEWithLogitsLoss()
opt_gen = torch.optim.Adam(gen.parameters(), lr=2e-4, betas=(0.5, 0.999))
opt_dis = torch.optim.Adam(dis.parameters(), lr=2e-4, betas=(0.5, 0.999))

for epoch in range(2):
    for real in torch.randn(2, 4, 2):
        noise = torch.randn(4, 4)
        fake = gen(noise)
        score_real, score_fake = dis(real).reshape(-1), dis(fake.detach()).reshape(-1)
        loss_dis = (
            criterion(score_real, torch.ones_like(score_real)) + criterion(score_fake, torch.zeros_like(score_fake))
        ) / 2
        opt_dis.zero_grad()
        loss_dis.backward()
        opt_dis.step()

        output = dis(fake).reshape(-1)
        loss_gen = criterion(output, torch.ones_like(output))
        opt_gen.zero_grad()
        loss_gen.backward()
        opt_gen.step()
    print(epoch, loss_dis.item(), loss_gen.item())
