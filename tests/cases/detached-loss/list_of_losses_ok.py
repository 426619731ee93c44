"""Losses of several heads gathered in a list, then summed."""
import torch
from torch import nn

torch.manual_seed(0)
body = nn.Linear(4, 8)
heads = nn.ModuleList([nn.Linear(8, 1), nn.Linear(8, 3)])
optimizer = torch.optim.SGD([*body.parameters(), *heads.parameters()], lr=0.05)
for epoch in range(2):
    for x in torch.randn(2, 4, 4):
        features = body(x).relu()
        losses = [
            nn.functional.mse_loss(heads[0](features), x[:, :1]),
            nn.functional.cross_entropy(heads[1](features), x[:, :3].argmax(1)),
        ]
        total = torch.stack(losses).sum()
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
    print(epoch, total.item())
