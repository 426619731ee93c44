"""if scaler is not None: ... else: ..., with the two arms in text order that misleads."""
import torch
from torch import nn


def train_one_epoch(model, batches, optimizer, scaler=None, clip=None):
    for x, y in batches:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=scaler is not None):
            loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        if scaler is not None:
            scaler.scale(loss).backward()
            if clip is not None:
                scaler.unscale_(optimizer)
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            scaler.step(optimizer)
            scaler.update()
        else:
            loss.backward()
            if clip is not None:
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimizer.step()
    return loss.item()


torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
batches = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]
scaler = torch.amp.GradScaler("cpu", enabled=True)
for epoch in range(2):
    print(epoch, train_one_epoch(model, batches, optimizer, scaler, clip=1.0))
    print(epoch, train_one_epoch(model, batches, optimizer, clip=1.0))
