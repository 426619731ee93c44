"""A picture is learnt whose features are those of another; one graph is kept on purpose, as it is walked at every step."""
import torch
from torch import nn

torch.manual_seed(0)
layers = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 4)).requires_grad_(False)


class Picture(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(2, 3))

    def forward(self):
        return self.weight * 1.0


def features(x):
    found = []
    for i in range(len(layers)):
        x = layers[i](x)
        found.append(x)
    return found


def paint(wanted):
    picture = Picture()
    x = picture()
    optimizer = torch.optim.Adam(picture.parameters(), lr=0.1)
    total = 0
    for i in range(2):
        found = features(x)
        loss = sum(nn.functional.mse_loss(a, b) for a, b in zip(found, wanted))
        optimizer.zero_grad()
        loss.backward(retain_graph=True)
        optimizer.step()
        total += loss.item()
    return float(total) / 2


print(paint(features(torch.rand(2, 3))))
