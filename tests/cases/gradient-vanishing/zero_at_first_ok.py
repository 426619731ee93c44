"""Residual branches that start at zero, adapters whose second half does, and a head with a tiny weight in the loss."""

import torch
from torch import nn


class Branch(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width))
        self.scale = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return x + self.scale * self.inner(x)


class Adapter(nn.Module):
    def __init__(self, base, rank=2):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.down = nn.Linear(base.in_features, rank, bias=False)
        self.up = nn.Linear(rank, base.out_features, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, x):
        return self.base(x) + self.up(self.down(x))


torch.manual_seed(0)
body = nn.Sequential(nn.Linear(6, 16), *[Branch(16) for _ in range(10)], Adapter(nn.Linear(16, 16)))
head, other = nn.Linear(16, 3), nn.Sequential(nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 1))
model = nn.ModuleList([body, head, other])
optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)
for step in range(40):
    x = torch.randn(16, 6)
    hidden = body(x)
    loss = nn.functional.cross_entropy(head(hidden), x[:, :3].argmax(1))
    loss = loss + 1e-9 * other(hidden).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
