"""LBFGS: everything happens in a closure that the optimizer calls."""
import torch
from torch import nn

torch.manual_seed(0)
x = torch.linspace(-1, 1, 12)[:, None]
y = torch.sin(3 * x)
model = nn.Sequential(nn.Linear(1, 6), nn.Tanh(), nn.Linear(6, 1))
optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=2)


def closure():
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    return loss


for epoch in range(2):
    value = optimizer.step(closure)
    print(epoch, value.item())
