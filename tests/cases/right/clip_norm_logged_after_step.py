"""The gradient norm is read for the log after the step, without scaling anything."""
import torch
from torch import nn


def grad_norm(model):
    return torch.linalg.vector_norm(torch.stack([p.grad.norm() for p in model.parameters()])).item()


torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 6), nn.SiLU(), nn.Linear(6, 1))
optimizer = torch.optim.NAdam(model.parameters(), lr=1e-2)
for epoch in range(2):
    for _ in range(2):
        x = torch.randn(4, 3)
        loss = nn.functional.mse_loss(model(x), x.amax(dim=1, keepdim=True))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        print(epoch, grad_norm(model))
        optimizer.zero_grad()
