"""Gradients that are not finite become zero before the step, and attention is masked with minus infinity."""

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(4, 4)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
hidden = torch.triu(torch.full((5, 5), float("-inf")), diagonal=1)
for step in range(6):
    x = model(torch.randn(5, 4))
    weights = torch.softmax(x @ x.T + hidden, dim=-1)
    loss = (weights @ x).pow(2).mean()
    if step == 2:
        loss = loss * float("inf")
    optimizer.zero_grad()
    loss.backward()
    for p in model.parameters():
        torch.nan_to_num_(p.grad, nan=0.0, posinf=0.0, neginf=0.0)
    optimizer.step()
