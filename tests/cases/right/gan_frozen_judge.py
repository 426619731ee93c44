"""A GAN whose discriminator, with dropout, takes no gradient while the generator learns from it."""
import torch
from torch import nn

torch.manual_seed(0)
maker = nn.Linear(3, 2)
judge = nn.Sequential(nn.Linear(2, 4), nn.LeakyReLU(0.2), nn.Dropout(0.1), nn.Linear(4, 1))
opt_maker = torch.optim.Adam(maker.parameters(), lr=1e-3)
opt_judge = torch.optim.Adam(judge.parameters(), lr=1e-3)
bce = nn.functional.binary_cross_entropy_with_logits
for _ in range(3):
    real, fake = torch.randn(4, 2), maker(torch.randn(4, 3))
    judge.requires_grad_(True)
    opt_judge.zero_grad()
    loss_judge = (bce(judge(real), torch.ones(4, 1)) + bce(judge(fake.detach()), torch.zeros(4, 1))) / 2
    loss_judge.backward()
    opt_judge.step()
    judge.requires_grad_(False)
    opt_maker.zero_grad()
    loss_maker = bce(judge(fake), torch.ones(4, 1))
    loss_maker.backward()
    opt_maker.step()
