"""An attack walks back several times to find its input; what that leaves in the model is cleared before the training."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for x in torch.randn(2, 4, 3):
        y = (x.sum(1) > 0).long()
        delta = torch.zeros_like(x, requires_grad=True)
        for _ in range(2):
            nn.functional.cross_entropy(model(x + delta), y).backward()
            delta.data = (delta + 0.1 * delta.grad.sign()).detach()
            delta.grad.zero_()
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x + delta.detach()), y)
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
