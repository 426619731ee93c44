"""A loss scaled by a constant, and the gradients divided by it before the step."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scale = 128.0
for epoch in range(2):
    for x in torch.randn(2, 4, 3):
        loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
        optimizer.zero_grad()
        (loss * scale).backward()
        for p in model.parameters():
            p.grad.div_(scale)
        optimizer.step()
    print(epoch, loss.item())
