"""Weight normalisation of one layer, in a model class with two optimizers' worth of settings."""
import torch
from torch import nn
from torch.nn.utils import weight_norm


class Tower(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 8)
        self.last = nn.Linear(8, 1)

    def forward(self, x):
        return self.last(torch.relu(self.first(x)))


def make_optimizer(model):
    return torch.optim.RMSprop(model.parameters(), lr=1e-3)


torch.manual_seed(0)
tower = Tower()
optimizer = make_optimizer(tower)
weight_norm(tower.first)  # expect: optimizer-stale-parameters
for step in range(4):
    loss = nn.functional.smooth_l1_loss(tower(torch.randn(4, 4)), torch.randn(4, 1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
