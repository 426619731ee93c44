"""One optimizer over two models, joined with itertools.chain; each model is cleared by itself."""
import itertools

import torch
from torch import nn

torch.manual_seed(0)
f, g = nn.Linear(3, 3), nn.Linear(3, 3)
optimizer = torch.optim.Adam(itertools.chain(f.parameters(), g.parameters()), lr=1e-3)
batches = [torch.randn(4, 3) for _ in range(2)]
for epoch in range(2):
    for x in batches:
        f.zero_grad()
        g.zero_grad()
        cycle = nn.functional.l1_loss(g(f(x)), x) + nn.functional.l1_loss(f(g(x)), x)
        cycle.backward()
        optimizer.step()
    print(epoch, cycle.item())
