"""A second measure of the same output and target, one without a graph, one of a detached output."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for epoch in range(2):
    for x in torch.randn(2, 5, 4):
        y = x.sum(1, keepdim=True)
        output = model(x)
        loss = nn.functional.mse_loss(output, y)
        absolute = nn.functional.l1_loss(output, y)
        with torch.no_grad():
            drift = nn.functional.mse_loss(output, x[:, :1])
        spread = nn.functional.l1_loss(output.detach(), output.detach().mean(0, keepdim=True).expand_as(output))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(epoch, loss.item(), absolute.item(), drift.item(), spread.item())
