"""A scaler that is switched off: plain backward and step in the other arm."""
import torch
from torch import nn

use_amp = False
torch.manual_seed(0)
model = nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cpu", enabled=use_amp)
for _ in range(2):
    x, y = torch.randn(4, 4), torch.randint(2, (4,))
    optimizer.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=use_amp):
        loss = nn.functional.cross_entropy(model(x), y)
    if use_amp:
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
    else:
        loss.backward()
        optimizer.step()
