"""A cosine schedule stepped once an epoch."""

import torch

model = MLP()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
rates = []
for epoch in range(10):
    rates.append(optimizer.param_groups[0]["lr"])
    for inputs, targets in train_loader:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(inputs), targets).backward()
        optimizer.step()
    scheduler.step()
