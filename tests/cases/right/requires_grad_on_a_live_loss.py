"""requires_grad is switched on where it is on already, and on the input for a look at its gradient."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for x in torch.randn(2, 4, 3):
        x.requires_grad_()
        loss = nn.functional.cross_entropy(model(x), torch.zeros(4, dtype=torch.long))
        loss.requires_grad_()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(epoch, loss.item(), x.grad.norm().item())
