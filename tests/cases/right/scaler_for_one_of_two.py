"""A scaler for the network that runs in half precision; the small one beside it is trained without."""
import torch
from torch import nn

torch.manual_seed(0)
large, small = nn.Linear(4, 4), nn.Linear(4, 1)
opt_large = torch.optim.SGD(large.parameters(), lr=1e-3)
opt_small = torch.optim.SGD(small.parameters(), lr=1e-2)
scaler = torch.amp.GradScaler("cpu")
for epoch in range(2):
    for x in torch.randn(2, 5, 4):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            features = large(x)
            loss = (features - x).pow(2).mean()
        opt_large.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(opt_large)
        scaler.update()
        probe = nn.functional.mse_loss(small(features.detach().float()), x.sum(1, keepdim=True))
        opt_small.zero_grad()
        probe.backward()
        opt_small.step()
    print(epoch, loss.item(), probe.item())
