"""A penalty on a covariance."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def spread(x):
    values, _ = torch.linalg.eigh(x.T @ x)
    return values.max() / values.min()


torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4, shuffle=True)
model = nn.Linear(3, 1)
optimizer = torch.optim.Adam(model.parameters())
for epoch in range(2):
    for (x,) in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
        loss.backward()
        optimizer.step()
