"""Two trainings one after the other in one file, each with its own optimizer over shared layers."""
import torch
from torch import nn

torch.manual_seed(0)
body, decoder, head = nn.Linear(5, 3), nn.Linear(3, 5), nn.Linear(3, 2)
pre = torch.optim.Adam([*body.parameters(), *decoder.parameters()], lr=1e-2)
for epoch in range(2):
    for x in torch.randn(2, 6, 5):
        pre.zero_grad()
        nn.functional.mse_loss(decoder(body(x)), x).backward()
        pre.step()

fine = torch.optim.SGD([*body.parameters(), *head.parameters()], lr=1e-2)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(fine, T_max=2)
for epoch in range(2):
    for x in torch.randn(2, 6, 5):
        fine.zero_grad()
        loss = nn.functional.cross_entropy(head(body(x)), (x[:, 0] > 0).long())
        loss.backward()
        fine.step()
    sched.step()
    print(epoch, loss.item())
