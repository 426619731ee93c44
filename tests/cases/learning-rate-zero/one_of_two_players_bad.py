"""Two players; the rate of one is multiplied away."""

import torch
from torch import nn

torch.manual_seed(0)
maker, judge = nn.Linear(2, 3), nn.Linear(3, 1)
players = {"maker": (maker, 1.0), "judge": (judge, 0.0)}
optimizers = {name: torch.optim.Adam(m.parameters(), lr=1e-3 * factor) for name, (m, factor) in players.items()}
bce = nn.BCEWithLogitsLoss()
for _ in range(4):
    real, fake = torch.randn(4, 3), maker(torch.randn(4, 2))
    loss = bce(judge(fake), torch.ones(4, 1))
    optimizers["maker"].zero_grad()
    loss.backward()
    optimizers["maker"].step()
    optimizers["judge"].zero_grad()
    loss = bce(judge(real), torch.ones(4, 1)) + bce(judge(fake.detach()), torch.zeros(4, 1))
    loss.backward()
    optimizers["judge"].step()  # expect: learning-rate-zero
