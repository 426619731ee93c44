"""scaler is None on this machine; its calls stand first in the text."""
import torch
from torch import nn

use_cuda_amp = False
scaler = torch.amp.GradScaler("cpu") if use_cuda_amp else None
torch.manual_seed(0)
net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(2):
    for x in torch.randn(2, 4, 3):
        opt.zero_grad()
        loss = nn.functional.mse_loss(net(x), x.sum(1, keepdim=True))
        if scaler:
            scaler.scale(loss).backward()
            scaler.step(opt)
            scaler.update()
        if not scaler:
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            opt.step()
    print(epoch, loss.item())
