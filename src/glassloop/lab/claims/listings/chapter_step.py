"""One step of a linear layer; the loss printed is the one before the step, and there is no seed."""

import torch
from torch import nn

model = nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
inputs, targets = torch.randn(8, 4), torch.randint(0, 2, (8,))
before = model.weight.detach().clone()

optimizer.zero_grad()
loss = nn.functional.cross_entropy(model(inputs), targets)
loss.backward()
optimizer.step()
print(loss.item())
