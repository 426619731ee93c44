"""A classifier trained on the distance of its classes from the true ones."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(4, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for x in torch.randn(2, 8, 4):
        y = x[:, :3].argmax(1)
        logits = model(x)
        expected = (logits.softmax(1) * torch.arange(3.0)).sum(1)
        loss = (expected - y).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
