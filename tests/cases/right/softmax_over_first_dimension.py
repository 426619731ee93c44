"""A softmax over the first dimension that is no batch: mixture weights, and time that comes first."""
import torch
from torch import nn


class Mixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.paths = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])
        self.alpha = nn.Parameter(torch.zeros(2))
        self.score = nn.Linear(4, 1)
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        weights = torch.softmax(self.alpha, dim=0)
        x = weights[0] * self.paths[0](x) + weights[1] * self.paths[1](x)
        attention = torch.softmax(self.score(x), dim=0)
        return self.head((attention * x).sum(0))


torch.manual_seed(0)
model = Mixed()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(4):
    logits = model(torch.randn(5, 2, 4))
    loss = nn.functional.cross_entropy(logits, torch.randint(3, (2,)))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(torch.log_softmax(logits.detach(), 1).amax().item())
