"""Warm-up and decay, one after the other; amp as well."""
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cpu")
warm, decay = LinearLR(optimizer, 0.1, total_iters=2), CosineAnnealingLR(optimizer, 2)
schedule = SequentialLR(optimizer, [warm, decay], milestones=[2])
for step in range(4):
    x = torch.randn(4, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = (model(x) - x.sum(1, keepdim=True)).pow(2).mean()
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
    schedule.step()
    print(step, loss.item())
