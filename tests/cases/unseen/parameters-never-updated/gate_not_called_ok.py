"""A mixture with a gate, trained by a function that is given everything."""
import torch
from torch import nn


class Mixture(nn.Module):
    def __init__(self, n=2):
        super().__init__()
        self.gate = nn.Linear(4, n)
        self.experts = nn.ModuleList(nn.Linear(4, 1) for _ in range(n))

    def forward(self, x):
        outputs = torch.cat([expert(x) for expert in self.experts], dim=1)
        weights = self.gate(x).softmax(dim=1)
        return (outputs * weights).sum(1, keepdim=True)


def fit(model, optimizer, steps):
    for _ in range(steps):
        x = torch.randn(8, 4)
        optimizer.zero_grad()
        loss = nn.functional.l1_loss(model(x), x.mean(1, keepdim=True))
        loss.backward()
        optimizer.step()


torch.manual_seed(0)
model = Mixture()
fit(model, torch.optim.NAdam(model.parameters(), lr=0.01), 6)
