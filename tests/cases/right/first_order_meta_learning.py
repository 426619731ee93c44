"""First-order meta-learning: a copy learns by hand, and its gradients are given to the original."""
import copy

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
meta = torch.optim.Adam(model.parameters(), lr=1e-3)
for task in range(4):
    slope = torch.randn(())
    learner = copy.deepcopy(model)
    for _ in range(2):
        x = torch.randn(6, 2)
        loss = nn.functional.mse_loss(learner(x), slope * x.sum(1, keepdim=True))
        learner.zero_grad()
        loss.backward()
        with torch.no_grad():
            for p in learner.parameters():
                p -= 0.1 * p.grad
    x = torch.randn(6, 2)
    learner.zero_grad()
    nn.functional.mse_loss(learner(x), slope * x.sum(1, keepdim=True)).backward()
    meta.zero_grad()
    for p, q in zip(model.parameters(), learner.parameters()):
        p.grad = q.grad.clone()
    meta.step()
