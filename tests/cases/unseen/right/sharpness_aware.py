"""Sharpness-aware minimization: two backward passes a step, clearing between them on purpose."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 2))
base = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
rho = 0.05


def ascend():
    norm = torch.norm(torch.stack([p.grad.norm() for p in model.parameters()]))
    moves = []
    with torch.no_grad():
        for p in model.parameters():
            e = rho * p.grad / (norm + 1e-12)
            p.add_(e)
            moves.append((p, e))
    return moves


for epoch in range(2):
    for x in torch.randn(2, 8, 3):
        y = (x[:, 0] > 0).long()
        nn.functional.cross_entropy(model(x), y).backward()
        moves = ascend()
        base.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        with torch.no_grad():
            for p, e in moves:
                p.sub_(e)
        base.step()
        base.zero_grad()
    print(epoch, loss.item())
