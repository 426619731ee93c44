"""GAN: pictures are drawn from the generator at the end of each epoch."""
import torch
from torch import nn

torch.manual_seed(0)
G = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
D = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
og = torch.optim.Adam(G.parameters(), lr=1e-3)
od = torch.optim.Adam(D.parameters(), lr=1e-3)
bce = nn.functional.binary_cross_entropy_with_logits
fixed = torch.randn(4, 3)


def draw():
    G.eval()
    with torch.no_grad():
        samples = G(fixed)
    G.train()
    return samples


for epoch in range(2):
    for real in torch.randn(2, 4, 2):
        fake = G(torch.randn(4, 3))
        d_real, d_fake = D(real), D(fake.detach())
        od.zero_grad()
        (bce(d_real, torch.ones_like(d_real)) + bce(d_fake, torch.zeros_like(d_fake))).backward()
        od.step()
        verdict = D(fake)
        og.zero_grad()
        bce(verdict, torch.ones_like(verdict)).backward()
        og.step()
    print(epoch, draw().mean(0).tolist())
