"""Two losses over one body; the graph is walked twice."""
import torch
from torch import nn

torch.manual_seed(0)
body, one, two = nn.Linear(4, 6), nn.Linear(6, 1), nn.Linear(6, 3)
optimizer = torch.optim.SGD([p for m in (body, one, two) for p in m.parameters()], lr=0.05)
for epoch in range(2):
    for x in torch.randn(2, 5, 4):
        shared = body(x).tanh()
        first = nn.functional.mse_loss(one(shared), x[:, :1])
        second = nn.functional.cross_entropy(two(shared), x[:, :3].argmax(1))
        optimizer.zero_grad()
        first.backward(retain_graph=True)
        second.backward()
        optimizer.step()
    print(epoch, first.item(), second.item())
