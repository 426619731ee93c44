"""A sanity check trains a copy on one batch first; then the real training starts."""
import copy

import torch
from torch import nn


def steps(model, batches, lr):
    opt = torch.optim.SGD(model.parameters(), lr=lr)
    for x, y in batches:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        opt.step()
        yield loss.item()


torch.manual_seed(0)
model = nn.Linear(3, 2)
batches = [(torch.randn(4, 3), torch.randint(0, 2, (4,))) for _ in range(2)]
print("check", list(steps(copy.deepcopy(model), batches[:1] * 2, lr=0.5)))
for epoch in range(2):
    print(epoch, sum(steps(model, batches, lr=0.1)) / 2)
