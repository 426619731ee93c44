"""Unscaled, clipped, stepped; errors are passed over."""
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Linear(3, 2)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cpu")
for epoch in range(2):
    for x in torch.randn(2, 4, 3):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = nn.functional.cross_entropy(net(x), (x.sum(1) > 0).long())
        opt.zero_grad()
        scaler.scale(loss).backward()
        try:
            scaler.unscale_(opt)
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            scaler.step(opt)  # expect: scaler-update-missing
        except RuntimeError:
            continue
    print(epoch, loss.item())
