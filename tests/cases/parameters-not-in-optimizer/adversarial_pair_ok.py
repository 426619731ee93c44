"""Two players; the generator has a mapping network in front."""
import torch
import torch.nn as nn


def players():
    mapping = nn.Sequential(nn.Linear(4, 8), nn.LeakyReLU(0.2))
    synthesis = nn.Linear(8, 6)
    judge = nn.Sequential(nn.Linear(6, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
    return mapping, synthesis, judge


torch.manual_seed(0)
mapping, synthesis, judge = players()
opt_g = torch.optim.Adam([*mapping.parameters(), *synthesis.parameters()], lr=2e-4, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(judge.parameters(), lr=2e-4, betas=(0.5, 0.999))
bce = nn.BCEWithLogitsLoss()
for it in range(5):
    real = torch.randn(8, 6)
    fake = synthesis(mapping(torch.randn(8, 4)))
    opt_d.zero_grad()
    d_loss = bce(judge(real), torch.ones(8, 1)) + bce(judge(fake.detach()), torch.zeros(8, 1))
    d_loss.backward()
    opt_d.step()
    opt_g.zero_grad()
    g_loss = bce(judge(fake), torch.ones(8, 1))
    g_loss.backward()
    opt_g.step()
