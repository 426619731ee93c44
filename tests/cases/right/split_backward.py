"""The graph is cut between body and head on purpose, and the gradient is carried over by hand."""
import torch
from torch import nn

torch.manual_seed(0)
body, head = nn.Linear(4, 6), nn.Linear(6, 2)
opt_body = torch.optim.SGD(body.parameters(), lr=0.1)
opt_head = torch.optim.SGD(head.parameters(), lr=0.1)
for epoch in range(2):
    for x in torch.randn(2, 5, 4):
        features = body(x)
        cut = features.detach().requires_grad_()
        opt_body.zero_grad()
        opt_head.zero_grad()
        loss = nn.functional.cross_entropy(head(cut), (x.sum(1) > 0).long())
        loss.backward()
        features.backward(cut.grad)
        opt_body.step()
        opt_head.step()
    print(epoch, loss.item())
