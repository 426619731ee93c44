"""Two losses of which each step trains one."""
import torch
from torch import nn

torch.manual_seed(0)
body, one, two = nn.Linear(4, 6), nn.Linear(6, 1), nn.Linear(6, 3)
optimizer = torch.optim.SGD([p for m in (body, one, two) for p in m.parameters()], lr=0.05)
for step in range(4):
    x = torch.randn(5, 4)
    features = body(x).tanh()
    first = nn.functional.mse_loss(one(features), x[:, :1])
    second = nn.functional.cross_entropy(two(features), x[:, :3].argmax(1))
    optimizer.zero_grad()
    if step % 2 == 0:
        first.backward()
    else:
        second.backward()
    optimizer.step()
    print(step, first.item(), second.item())
