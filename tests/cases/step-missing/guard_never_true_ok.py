"""Accumulation with a switch that holds updates back, constants at the top."""
import torch
from torch import nn

ACCUMULATE = 2
WARMUP = False
torch.manual_seed(0)
net = nn.Linear(4, 2)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
data = [(torch.randn(3, 4), torch.randint(0, 2, (3,))) for _ in range(4)]

for epoch in range(2):
    for i, (x, y) in enumerate(data):
        loss = nn.functional.cross_entropy(net(x), y) / ACCUMULATE
        loss.backward()
        if (i + 1) % ACCUMULATE == 0:
            if not WARMUP:
                opt.step()
            opt.zero_grad()
    print(epoch, loss.item() * ACCUMULATE)
