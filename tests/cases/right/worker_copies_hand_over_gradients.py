"""A worker's copy goes forward and backward, and hands its gradients to the model that the optimizer steps."""
import copy

import torch
from torch import nn

torch.manual_seed(0)
shared = nn.Linear(4, 1)
optimizer = torch.optim.SGD(shared.parameters(), lr=0.05)
worker = copy.deepcopy(shared)
for step in range(6):
    worker.load_state_dict(shared.state_dict())
    worker.zero_grad()
    x = torch.randn(8, 4)
    loss = nn.functional.mse_loss(worker(x), x.sum(1, keepdim=True))
    loss.backward()
    for mine, theirs in zip(worker.parameters(), shared.parameters()):
        theirs.grad = mine.grad.clone()
    optimizer.step()
print(loss.item())
