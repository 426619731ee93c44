"""torch.autograd.backward, and accumulation."""
import torch
from torch import nn

torch.manual_seed(0)
f = nn.Linear(3, 2)
o = torch.optim.SGD(f.parameters(), lr=0.1)
for i in range(4):
    x = torch.randn(4, 3)
    loss = nn.functional.cross_entropy(f(x), (x.sum(1) > 0).long()) / 2
    torch.autograd.backward(loss, retain_graph=True)  # expect: retain-graph-unneeded
    if i % 2:
        o.step()
        o.zero_grad()
    print(i, loss.item())
