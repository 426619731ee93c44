"""A least-squares game: the target is one number for the whole batch."""
import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(0)
maker, judge = nn.Linear(3, 4), nn.Linear(4, 1)
make = torch.optim.Adam(maker.parameters(), lr=1e-3)
rate = torch.optim.Adam(judge.parameters(), lr=1e-3)
for step in range(4):
    fake = maker(torch.randn(5, 3))
    rate.zero_grad()
    loss = F.mse_loss(judge(torch.randn(5, 4)), torch.tensor(1.0)) + F.mse_loss(judge(fake.detach()), torch.zeros(1))
    loss.backward()
    rate.step()
    make.zero_grad()
    F.mse_loss(judge(fake), torch.tensor(1.0)).backward()
    make.step()
