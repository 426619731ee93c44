"""GAN with two Adam optimizers and helper functions for the labels."""
import torch
from torch import nn


def real_labels(n):
    return torch.ones(n, 1)


def fake_labels(n):
    return torch.zeros(n, 1)


torch.manual_seed(0)
D = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
G = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))
bce = nn.BCEWithLogitsLoss()
d_optimizer = torch.optim.Adam(D.parameters(), lr=2e-4)
g_optimizer = torch.optim.Adam(G.parameters(), lr=2e-4)

for epoch in range(2):
    for batch in torch.randn(2, 4, 2):
        n = batch.size(0)
        d_optimizer.zero_grad()
        d_loss = bce(D(batch), real_labels(n)) + bce(D(G(torch.randn(n, 3)).detach()), fake_labels(n))
        d_loss.backward()
        d_optimizer.step()

        g_loss = bce(D(G(torch.randn(n, 3))), real_labels(n))
        g_loss.backward()
        g_optimizer.step()  # expect: zero-grad-missing
    print(epoch, d_loss.item(), g_loss.item())
