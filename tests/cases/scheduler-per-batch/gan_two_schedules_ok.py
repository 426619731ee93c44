"""Two optimizers, two schedules of the same length, stepped together."""
import torch
from torch import nn

torch.manual_seed(0)
n_epochs = 2
G, D = nn.Linear(2, 2), nn.Linear(2, 1)
optG = torch.optim.Adam(G.parameters(), lr=1e-3)
optD = torch.optim.Adam(D.parameters(), lr=1e-3)
schedG = torch.optim.lr_scheduler.CosineAnnealingLR(optG, n_epochs)
schedD = torch.optim.lr_scheduler.CosineAnnealingLR(optD, n_epochs)
bce = nn.BCEWithLogitsLoss()
one, zero = torch.ones(4, 1), torch.zeros(4, 1)

for epoch in range(n_epochs):
    for real in torch.randn(2, 4, 2):
        fake = G(torch.randn(4, 2))
        optD.zero_grad()
        lossD = bce(D(real), one) + bce(D(fake.detach()), zero)
        lossD.backward()
        optD.step()
        optG.zero_grad()
        lossG = bce(D(fake), one)
        lossG.backward()
        optG.step()
    schedG.step()
    schedD.step()
    print(epoch, schedG.get_last_lr(), schedD.get_last_lr())
