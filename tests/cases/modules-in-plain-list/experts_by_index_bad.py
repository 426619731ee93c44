"""A mixture of experts with a gate, trained in a closure."""
import torch
from torch import nn


class Mixture(nn.Module):
    def __init__(self, experts):
        super().__init__()
        self.gate = nn.Linear(4, 2)
        self.experts = list(experts)  # expect: modules-in-plain-list

    def forward(self, x):
        weights = self.gate(x).softmax(-1)
        return weights[:, :1] * self.experts[0](x) + weights[:, 1:] * self.experts[1](x)


def fit(model, steps):
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-2)

    def step():
        x = torch.randn(4, 4)
        loss = (model(x) - x.sum(1, keepdim=True)).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return [step() for _ in range(steps)]


torch.manual_seed(0)
print(fit(Mixture([nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1)) for _ in range(2)]), 4))
