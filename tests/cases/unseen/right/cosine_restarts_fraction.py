"""Warm restarts fed with a fractional epoch after every update, as the manual shows."""
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts

torch.manual_seed(0)
batches = [(torch.randn(4, 3), torch.randint(0, 2, (4,))) for _ in range(2)]
model = nn.Linear(3, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = CosineAnnealingWarmRestarts(optimizer, T_0=2)
iters = len(batches)
for epoch in range(2):
    for i, (x, y) in enumerate(batches):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        scheduler.step(epoch + i / iters)
    print(epoch, scheduler.get_last_lr())
