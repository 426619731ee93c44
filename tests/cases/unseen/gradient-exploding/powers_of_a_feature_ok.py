"""Features are powers; one sample in the middle of the stream is far out."""

import torch
from torch import nn


def stream(count):
    for k in range(count):
        x = torch.rand(10, 1) * 2 - 1
        if k == 25:
            x[4] = 6.0
        yield torch.cat([x**power for power in (1, 2, 3, 4)], dim=1), torch.sin(3 * x)


torch.manual_seed(0)
line = nn.Linear(4, 1)
optimizer = torch.optim.SGD(line.parameters(), lr=0.2)
for features, target in stream(50):
    error = line(features) - target
    loss = error.square().mean()
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(line.parameters(), 1.0)
    optimizer.step()
