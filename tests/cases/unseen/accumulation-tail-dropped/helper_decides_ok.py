"""A helper decides whether a window is full."""
import torch
from torch import nn


def is_full(index, window, total):
    return (index + 1) % window == 0 or index == total - 1


torch.manual_seed(0)
layer = nn.Linear(4, 1)
adam = torch.optim.Adam(layer.parameters(), lr=1e-2)
windows = 3
for epoch in range(2):
    stream = [torch.randn(2, 4) for _ in range(5)]
    for index, x in enumerate(stream):
        loss = nn.functional.l1_loss(layer(x), x[:, :1]) / windows
        loss.backward()
        if is_full(index, windows, len(stream)):
            adam.step()
            adam.zero_grad()
    print(epoch, loss.item())
