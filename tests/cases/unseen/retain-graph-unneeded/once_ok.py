"""One step, as in a notebook that tries things out."""
import torch
from torch import nn

torch.manual_seed(0)
layer = nn.Linear(3, 1)
optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
x = torch.randn(8, 3)
before = layer(x)
loss = (before - x.sum(1, keepdim=True)).square().mean()
loss.backward()
optimizer.step()
print(loss.item())
