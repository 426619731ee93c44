"""Losses summed over the tokens, divided by their number in the whole window."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(4, 5)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
windows = [[(torch.randn(n, 4), torch.randint(0, 5, (n,))) for n in (3, 5)] for _ in range(2)]
for epoch in range(2):
    for window in windows:
        tokens = sum(len(y) for _, y in window)
        optimizer.zero_grad()
        for x, y in window:
            loss = nn.functional.cross_entropy(model(x), y, reduction="sum") / tokens
            loss.backward()
        optimizer.step()
    print(epoch, loss.item())
