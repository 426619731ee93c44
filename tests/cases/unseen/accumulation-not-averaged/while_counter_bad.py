"""A while loop over an endless stream, the window counted down."""
import itertools

import torch
from torch import nn

torch.manual_seed(0)
f = nn.Linear(3, 3)
o = torch.optim.RMSprop(f.parameters(), lr=1e-3)
stream = itertools.cycle([(torch.randn(4, 3), torch.randint(0, 3, (4,))) for _ in range(4)])
left, updates = 2, 0
while updates < 2:
    x, y = next(stream)
    cost = nn.functional.nll_loss(f(x).log_softmax(1), y)
    cost.backward()  # expect: accumulation-not-averaged
    left -= 1
    if left == 0:
        o.step()
        o.zero_grad()
        left, updates = 2, updates + 1
        print(updates, cost.item())
