"""A loss in a closure, one term of which grows with the step."""

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)


def objective(step, x):
    logits = model(x)
    fit = nn.functional.cross_entropy(logits, (x[:, 0] > 0).long())
    return fit + 1e-4 * logits.pow(2).mean()


for step in range(20):
    loss = objective(step, torch.randn(16, 4))
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
