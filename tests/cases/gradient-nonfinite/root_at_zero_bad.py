"""A triplet loss with a distance of its own; two of the points are the same."""

import torch
from torch import nn


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 2))

    def forward(self, x):
        return self.body(x)


def distance(a, b):
    return (a - b).pow(2).sum(1).sqrt()


def train():
    torch.manual_seed(0)
    encoder = Encoder()
    optimizer = torch.optim.Adam(encoder.parameters(), lr=1e-3)
    for step in range(6):
        anchor, positive, negative = torch.randn(3, 8, 5)
        if step == 2:
            positive[3] = anchor[3]
        a, p, n = encoder(anchor), encoder(positive), encoder(negative)
        loss = (distance(a, p) - distance(a, n) + 1.0).clamp(min=0).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # expect: gradient-nonfinite
        optimizer.step()


if __name__ == "__main__":
    train()
