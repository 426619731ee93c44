"""Two optimizers that share a scaler."""
import torch
from torch import nn

torch.manual_seed(0)
a, b = nn.Linear(2, 2), nn.Linear(2, 1)
opt_a, opt_b = (torch.optim.SGD(m.parameters(), lr=0.05) for m in (a, b))
scaler = torch.amp.GradScaler("cpu")
for epoch in range(2):
    for x in torch.randn(2, 4, 2):
        opt_a.zero_grad()
        opt_b.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = b(a(x)).square().mean()
        scaler.scale(loss).backward()
        try:
            scaler.step(opt_a)
            scaler.step(opt_b)
        except RuntimeError:
            pass
        scaler.update()
    print(epoch, loss.item())
