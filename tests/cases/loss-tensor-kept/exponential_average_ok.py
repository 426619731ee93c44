"""A smoothed loss for the progress bar."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
smooth = None
for epoch in range(2):
    for x in torch.randn(2, 4, 2):
        loss = (model(x) - x.prod(1, keepdim=True)).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        value = loss.detach()
        smooth = value if smooth is None else 0.9 * smooth + 0.1 * value
    print(epoch, smooth.item())
