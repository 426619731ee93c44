"""A counter that is set back after each step, and at the start of each epoch."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(2, 1)
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
for epoch in range(3):
    waiting = 0
    for x in torch.randn(3, 4, 2):
        loss = (model(x) - x.prod(1, keepdim=True)).abs().mean() / 2
        loss.backward()
        waiting += 1
        if waiting == 2:
            optimizer.step()  # expect: accumulation-tail-dropped
            optimizer.zero_grad()
            waiting = 0
    print(epoch, loss.item())
