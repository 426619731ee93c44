"""Attention written by hand, its weights over several dimensions."""
import math

import torch
from torch import nn
from torch.nn import functional as F


class Attention(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.qkv = nn.Linear(d, 3 * d)
        self.pool = nn.Linear(d, 1)
        self.out = nn.Linear(d, 4)

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        weights = F.softmax(q @ k.transpose(-2, -1) / math.sqrt(q.size(-1)), dim=-1)
        h = weights @ v
        pooled = (F.softmax(self.pool(h), dim=1) * h).sum(1)
        return self.out(pooled)


torch.manual_seed(0)
model = Attention(8)
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)
for _ in range(2):
    x, y = torch.randn(3, 5, 8), torch.randint(4, (3,))
    loss = F.cross_entropy(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
