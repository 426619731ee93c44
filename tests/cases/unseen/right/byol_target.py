"""Self-supervised pair: an online network learns, a target network follows as a moving average."""
import copy

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
online = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 4))
target = copy.deepcopy(online).requires_grad_(False).eval()
predictor = nn.Linear(4, 4)
optimizer = torch.optim.SGD([*online.parameters(), *predictor.parameters()], lr=0.05)

for epoch in range(2):
    for x in torch.randn(2, 6, 4):
        one, two = x + 0.1 * torch.randn_like(x), x + 0.1 * torch.randn_like(x)
        goal = target(two)
        loss = 2 - 2 * F.cosine_similarity(predictor(online(one)), goal, dim=-1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for slow, fast in zip(target.parameters(), online.parameters()):
                slow.lerp_(fast, 0.01)
    print(epoch, loss.item())
