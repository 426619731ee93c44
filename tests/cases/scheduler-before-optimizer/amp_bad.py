"""AMP: scaler, optimizer and schedule are advanced one after the other."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
scaler = torch.amp.GradScaler("cpu", enabled=True)
warm = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.25, total_iters=4)
data = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]

for epoch in range(2):
    for x, y in data:
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = nn.functional.mse_loss(model(x), y)
        scaler.scale(loss).backward()
        warm.step()  # expect: scheduler-before-optimizer
        scaler.step(optimizer)
        scaler.update()
    print(epoch, warm.get_last_lr())
