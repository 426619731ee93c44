"""Accumulation under a scaler."""
import torch
from torch import nn

torch.manual_seed(0)
k = 2
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
scaler = torch.amp.GradScaler("cpu")
batches = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(4)]
for epoch in range(2):
    for i, (x, y) in enumerate(batches):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = nn.functional.mse_loss(model(x), y) / k
        scaler.scale(loss).backward()
        if (i + 1) % k == 0:
            try:
                scaler.step(optimizer)
            except RuntimeError:
                pass
            scaler.update()
            optimizer.zero_grad()
    print(epoch, loss.item() * k)
