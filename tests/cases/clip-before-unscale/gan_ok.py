"""GAN with mixed precision: one scaler for each player."""
import torch
from torch import nn
from torch.amp import GradScaler, autocast

torch.manual_seed(0)
g, d = nn.Linear(3, 2), nn.Linear(2, 1)
og, od = torch.optim.Adam(g.parameters(), 1e-3), torch.optim.Adam(d.parameters(), 1e-3)
sg, sd = GradScaler("cpu", enabled=True), GradScaler("cpu", enabled=True)
bce = nn.BCEWithLogitsLoss()

for epoch in range(2):
    for real in torch.randn(2, 4, 2):
        with autocast("cpu", dtype=torch.bfloat16):
            fake = g(torch.randn(4, 3))
            pr, pf = d(real), d(fake.detach())
            loss_d = bce(pr, torch.ones_like(pr)) + bce(pf, torch.zeros_like(pf))
        od.zero_grad()
        sd.scale(loss_d).backward()
        sd.unscale_(od)
        nn.utils.clip_grad_norm_(d.parameters(), 1.0)
        sd.step(od)
        sd.update()

        with autocast("cpu", dtype=torch.bfloat16):
            verdict = d(fake)
            loss_g = bce(verdict, torch.ones_like(verdict))
        og.zero_grad()
        sg.scale(loss_g).backward()
        sg.unscale_(og)
        nn.utils.clip_grad_norm_(g.parameters(), 1.0)
        sg.step(og)
        sg.update()
    print(epoch, loss_d.item(), loss_g.item())
