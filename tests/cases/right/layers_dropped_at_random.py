"""LayerDrop: each block is left out now and then."""
import torch
from torch import nn


class Dropping(nn.Module):
    def __init__(self, depth=6, keep=0.4):
        super().__init__()
        self.blocks = nn.ModuleList(nn.Linear(4, 4) for _ in range(depth))
        self.head, self.keep = nn.Linear(4, 2), keep

    def forward(self, x):
        for block in self.blocks:
            if not self.training or torch.rand(()) < self.keep:
                x = x + torch.tanh(block(x))
        return self.head(x)


torch.manual_seed(3)
model = Dropping()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
model.train()
for step in range(5):
    x, y = torch.randn(4, 4), torch.randint(2, (4,))
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
