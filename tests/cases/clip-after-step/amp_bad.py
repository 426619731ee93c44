"""AMP with a scaler; unscaling and clipping sit side by side."""
import torch
from torch import nn
from torch.amp import GradScaler

torch.manual_seed(0)
model = nn.Linear(4, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.01)
scaler = GradScaler("cpu", enabled=True)
batches = [(torch.randn(4, 4), torch.randn(4, 1)) for _ in range(2)]
for epoch in range(2):
    for x, y in batches:
        opt.zero_grad()
        with torch.amp.autocast("cpu", dtype=torch.bfloat16):
            loss = nn.functional.mse_loss(model(x), y)
        scaler.scale(loss).backward()
        scaler.unscale_(opt)
        scaler.step(opt)
        scaler.update()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # expect: clip-after-step
    print(epoch, loss.item())
