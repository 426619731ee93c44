"""A GAN with a scaler for each of its two networks."""
import torch
from torch import nn

torch.manual_seed(0)
G = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
D = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
optG = torch.optim.Adam(G.parameters(), lr=2e-4)
optD = torch.optim.Adam(D.parameters(), lr=2e-4)
use_amp = torch.cuda.is_available()
scalerG = torch.amp.GradScaler("cuda", enabled=use_amp)
scalerD = torch.amp.GradScaler("cuda", enabled=use_amp)
bce = nn.BCEWithLogitsLoss()
for it in range(2):
    real, z = torch.randn(6, 2), torch.randn(6, 4)
    optD.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        fake = G(z)
        lossD = bce(D(real), torch.ones(6, 1)) + bce(D(fake.detach()), torch.zeros(6, 1))
    scalerD.scale(lossD).backward()
    scalerD.step(optD)
    scalerD.update()

    optG.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        lossG = bce(D(fake), torch.ones(6, 1))
    scalerG.scale(lossG).backward()
    scalerG.step(optG)  # expect: scaler-update-missing
