"""torch.autograd.backward walks two losses at once."""
import torch
from torch import nn

torch.manual_seed(0)
trunk, a, b = nn.Linear(3, 4), nn.Linear(4, 1), nn.Linear(4, 1)
opt = torch.optim.SGD([*trunk.parameters(), *a.parameters(), *b.parameters()], lr=0.1)
for epoch in range(2):
    for x in torch.randn(2, 5, 3):
        opt.zero_grad()
        h = trunk(x).tanh()
        one, two = a(h).pow(2).mean(), (b(h) - 1).pow(2).mean()
        torch.autograd.backward([one, two])
        opt.step()
    print(epoch, one.item(), two.item())
