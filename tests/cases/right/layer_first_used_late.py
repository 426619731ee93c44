"""A second branch joins in after some steps."""
import torch
from torch import nn


class Grown(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 2), nn.Linear(4, 2)

    def forward(self, x, grown):
        return self.first(x) + self.second(x) if grown else self.first(x)


torch.manual_seed(0)
model = Grown()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(50):
    x, y = torch.randn(4, 4), torch.randint(2, (4,))
    loss = nn.functional.cross_entropy(model(x, grown=step >= 40), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
