"""Code for old versions stands behind questions."""
import torch
from torch import nn


def values(x):
    if hasattr(torch.linalg, "eigh"):
        return torch.linalg.eigh(x)[0]
    return torch.symeig(x)[0]


def rank(x):
    try:
        return torch.linalg.matrix_rank(x)
    except AttributeError:
        return torch.matrix_rank(x)


torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(2):
    x = torch.randn(4, 3)
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
    optimizer.step()
print(values(torch.eye(3)), rank(torch.eye(3)))
