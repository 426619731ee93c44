"""A GAN in which two backwards walk the generator's one graph: it must be kept for the second."""
import torch
from torch import nn

torch.manual_seed(0)
G = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 2))
D = nn.Sequential(nn.Linear(2, 6), nn.ReLU(), nn.Linear(6, 1))
E = nn.Sequential(nn.Linear(2, 6), nn.ReLU(), nn.Linear(6, 3))
opt_g = torch.optim.Adam([*G.parameters(), *E.parameters()], lr=1e-3)
opt_d = torch.optim.Adam(D.parameters(), lr=1e-3)
bce = nn.BCEWithLogitsLoss()
for _ in range(2):
    z, real = torch.randn(5, 3), torch.randn(5, 2)
    fake = G(z)
    opt_g.zero_grad()
    adversarial = bce(D(fake), torch.ones(5, 1))
    adversarial.backward(retain_graph=True)
    cycle = nn.functional.l1_loss(E(fake), z)
    cycle.backward()
    opt_g.step()
    opt_d.zero_grad()
    (bce(D(real), torch.ones(5, 1)) + bce(D(fake.detach()), torch.zeros(5, 1))).backward()
    opt_d.step()
