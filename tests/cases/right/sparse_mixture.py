"""A sparse mixture: a batch goes to the expert that its gate chooses."""
import torch
from torch import nn


class Sparse(nn.Module):
    def __init__(self, experts=3):
        super().__init__()
        self.gate = nn.Linear(4, experts)
        self.experts = nn.ModuleList(nn.Linear(4, 2) for _ in range(experts))

    def forward(self, x):
        weights = self.gate(x).softmax(-1).mean(0)
        chosen = int(torch.multinomial(weights.detach(), 1))
        return weights[chosen] * self.experts[chosen](x)


torch.manual_seed(0)
model = Sparse()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
for step in range(12):
    x, y = torch.randn(6, 4), torch.randint(2, (6,))
    loss = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
