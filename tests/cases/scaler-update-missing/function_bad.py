"""The update of the weights in a function that survives errors."""
import torch
from torch import nn


def apply(scaler, optimizer):
    try:
        scaler.step(optimizer)  # expect: scaler-update-missing
    except RuntimeError:
        return False
    return True


torch.manual_seed(0)
model = nn.Linear(4, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
scaler = torch.amp.GradScaler("cpu")
for epoch in range(2):
    for x in torch.randn(2, 4, 4):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        print(epoch, loss.item(), apply(scaler, optimizer))
