"""The graph is kept at every batch, as at every fourth a second loss walks it."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for i, x in enumerate(torch.randn(4, 4, 3)):
        output = model(x)
        optimizer.zero_grad()
        nn.functional.mse_loss(output, x[:, :1]).backward(retain_graph=True)
        if (i + 1) % 4 == 0:
            (0.1 * output.square().mean()).backward()
        optimizer.step()
