"""AMP with a GradScaler created from a flag and used in both arms."""
import torch
from torch import nn
from torch.amp import GradScaler, autocast

amp = True
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
scaler = GradScaler("cpu", enabled=True) if amp else None
batches = [(torch.randn(4, 4), torch.randint(0, 2, (4,))) for _ in range(2)]

for epoch in range(2):
    for x, y in batches:
        with autocast("cpu", dtype=torch.bfloat16, enabled=amp):
            loss = nn.functional.cross_entropy(model(x), y)
        if scaler:
            scaler.scale(loss).backward()
            scaler.step(optimizer)  # expect: zero-grad-missing
            scaler.update()
        else:
            loss.backward()
            optimizer.step()
    print(epoch, loss.item())
