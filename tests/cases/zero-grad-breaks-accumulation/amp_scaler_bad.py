"""AMP with accumulation: scaler and optimizer act under one guard."""
import torch
from torch import nn

torch.manual_seed(0)
iters_to_accumulate = 2
batches = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(4)]
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
scaler = torch.amp.GradScaler("cpu", enabled=True)

for epoch in range(2):
    for i, (x, y) in enumerate(batches):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = nn.functional.mse_loss(model(x), y) / iters_to_accumulate
        optimizer.zero_grad()  # expect: zero-grad-breaks-accumulation
        scaler.scale(loss).backward()
        if (i + 1) % iters_to_accumulate == 0:
            scaler.step(optimizer)
            scaler.update()
    print(epoch, loss.item())
