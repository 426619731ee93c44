"""Two optimizers under one scaler; each has its gradients bounded."""
import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_

torch.manual_seed(0)
body, head = nn.Linear(4, 6), nn.Linear(6, 1)
opt_body = torch.optim.SGD(body.parameters(), lr=1e-3)
opt_head = torch.optim.SGD(head.parameters(), lr=1e-2)
scaler = torch.amp.GradScaler("cpu", enabled=True)

for epoch in range(2):
    for _ in range(2):
        x, y = torch.randn(4, 4), torch.randn(4, 1)
        opt_body.zero_grad()
        opt_head.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = nn.functional.mse_loss(head(torch.relu(body(x))), y)
        scaler.scale(loss).backward()
        scaler.unscale_(opt_body)
        clip_grad_norm_(body.parameters(), 1.0)
        scaler.unscale_(opt_head)
        clip_grad_norm_(head.parameters(), 1.0)
        scaler.step(opt_body)
        scaler.step(opt_head)
        scaler.update()
    print(epoch, loss.item())
