"""The mean squared error written out, in a function."""
import torch
from torch import nn


def fit(model, data, epochs=2):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(epochs):
        for x, y in data:
            prediction = model(x)
            loss = ((prediction[:, 0] - y) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


torch.manual_seed(0)
inputs = [torch.randn(5, 2) for _ in range(3)]
fit(nn.Linear(2, 1), [(x, x.prod(1)) for x in inputs])
