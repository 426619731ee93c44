"""Attention weights in a model class."""
import torch
import torch.nn.functional as F
from torch import nn


class Pool(nn.Module):
    def __init__(self):
        super().__init__()
        self.score = nn.Linear(4, 1)
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        weights = F.softmax(self.score(x).squeeze(-1))  # expect: softmax-over-batch
        return self.head((weights.unsqueeze(-1) * x).sum(1))


torch.manual_seed(0)
model = Pool()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(4):
    loss = F.cross_entropy(model(torch.randn(2, 5, 4)), torch.randint(3, (2,)))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
