"""Two towers whose agreement is trained, with one loss a side."""
import torch
from torch import nn
from torch.nn.functional import cosine_similarity

torch.manual_seed(0)
left = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
right = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 3))
opt = torch.optim.Adam([{"params": left.parameters()}, {"params": right.parameters()}], lr=1e-3)
for epoch in range(2):
    for _ in range(3):
        a, b = left(torch.randn(6, 4)), right(torch.randn(6, 5))
        loss = (1 - cosine_similarity(a, b.detach())).mean() + (1 - cosine_similarity(a, b)).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
