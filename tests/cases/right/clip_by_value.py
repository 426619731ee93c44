"""Clipping by value between backward and step, the old clamp_ on data in the same place."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
batches = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]
for epoch in range(2):
    for x, y in batches:
        optimizer.zero_grad()
        loss = nn.functional.huber_loss(model(x), y)
        loss.backward()
        nn.utils.clip_grad_value_(model.parameters(), clip_value=0.5)
        for p in model.parameters():
            p.grad.data.clamp_(-0.4, 0.4)
        optimizer.step()
    print(epoch, loss.item())
