"""The same with a seed, and with the loss after the step beside it."""

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
inputs, targets = torch.randn(8, 4), torch.randint(0, 2, (8,))
before = model.weight.detach().clone()

optimizer.zero_grad()
loss = nn.functional.cross_entropy(model(inputs), targets)
loss.backward()
optimizer.step()
with torch.no_grad():
    after = nn.functional.cross_entropy(model(inputs), targets)
print(loss.item(), after.item())
