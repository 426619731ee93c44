"""Accumulation whose last, partial window is stepped at the end of the epoch."""
import torch
from torch import nn

torch.manual_seed(0)
k = 2
batches = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(5)]
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(2):
    optimizer.zero_grad()
    for i, (x, y) in enumerate(batches):
        window = min(k, len(batches) - (i // k) * k)
        loss = nn.functional.mse_loss(model(x), y) / window
        loss.backward()
        if (i + 1) % k == 0 or i + 1 == len(batches):
            optimizer.step()
            optimizer.zero_grad()
    print(epoch, loss.item())
