"""The centres of a centre loss are moved by hand, the network by an optimizer."""
import torch
from torch import nn


class Centres(nn.Module):
    def __init__(self, classes, width):
        super().__init__()
        self.points = nn.Parameter(torch.randn(classes, width))

    def forward(self, features, labels):
        return (features - self.points[labels]).pow(2).sum(1).mean()


torch.manual_seed(0)
network, head, centres = nn.Linear(5, 3), nn.Linear(3, 4), Centres(4, 3)
optimizer = torch.optim.SGD([*network.parameters(), *head.parameters()], lr=0.05)
for step in range(6):
    x, y = torch.randn(8, 5), torch.arange(8) % 4
    features = network(x)
    loss = nn.functional.cross_entropy(head(features), y) + 0.01 * centres(features, y)
    optimizer.zero_grad()
    centres.zero_grad()
    loss.backward()
    optimizer.step()
    centres.points.data -= 0.5 * centres.points.grad
