"""GAN step functions, one for each player."""
import torch
from torch import nn

torch.manual_seed(0)
G = nn.Linear(3, 2)
D = nn.Sequential(nn.Linear(2, 6), nn.LeakyReLU(0.2), nn.Linear(6, 1))
optG = torch.optim.Adam(G.parameters(), lr=1e-3)
optD = torch.optim.Adam(D.parameters(), lr=1e-3)
loss_fn = nn.BCEWithLogitsLoss()


def step_d(real, fake):
    optD.zero_grad()
    loss = loss_fn(D(real), torch.ones(len(real), 1)) + loss_fn(D(fake.detach()), torch.zeros(len(fake), 1))
    loss.backward()
    optD.step()
    return loss.item()


def step_g(fake):
    optG.zero_grad()
    verdict = D(fake)
    loss = loss_fn(verdict, torch.ones(len(fake), 1))
    loss.backward()
    optG.step()
    return loss.item()


for epoch in range(2):
    for real in torch.randn(2, 4, 2):
        fake = G(torch.randn(4, 3))
        print(epoch, step_d(real, fake), step_g(fake))
