"""Accumulation with the tail stepped once after the loader is exhausted."""
import torch
from torch import nn


def train_epoch(model, batches, optimizer, every):
    optimizer.zero_grad()
    pending = 0
    for x, y in batches:
        (nn.functional.cross_entropy(model(x), y) / every).backward()
        pending += 1
        if pending == every:
            optimizer.step()
            optimizer.zero_grad()
            pending = 0
    if pending:
        optimizer.step()
        optimizer.zero_grad()


torch.manual_seed(0)
model = nn.Linear(4, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
batches = [(torch.randn(2, 4), torch.randint(0, 3, (2,))) for _ in range(3)]
for epoch in range(2):
    train_epoch(model, batches, optimizer, every=2)
    print(epoch, model.weight.norm().item())
