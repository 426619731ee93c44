"""A GradScaler that a flag switches off: it scales nothing, so the clip needs no unscaling."""
import torch
from torch import nn

torch.manual_seed(0)
use_amp = False
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
scaler = torch.amp.GradScaler("cpu", enabled=use_amp)
batches = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]

for epoch in range(2):
    for x, y in batches:
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=use_amp):
            loss = nn.functional.mse_loss(model(x), y)
        scaler.scale(loss).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
    print(epoch, loss.item())
