"""AMP, accumulation and clipping in one loop."""
import torch
from torch import nn
from torch.amp import GradScaler, autocast

torch.manual_seed(0)
accum = 2
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
scaler = GradScaler("cpu", enabled=True)
batches = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(4)]

for epoch in range(2):
    for i, (x, y) in enumerate(batches):
        with autocast("cpu", dtype=torch.bfloat16):
            loss = nn.functional.mse_loss(model(x), y) / accum
        scaler.scale(loss).backward()
        if (i + 1) % accum == 0:
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # expect: clip-before-unscale
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()
    print(epoch, loss.item() * accum)
