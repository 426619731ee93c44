"""A residual network with its blocks in an attribute."""
import torch
from torch import nn


class ResMlp(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.stem = nn.Linear(3, width)
        self.blocks = nn.ModuleList(nn.Sequential(nn.Linear(width, width), nn.ReLU()) for _ in range(depth))
        self.head = nn.Linear(width, 1)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = x + block(x)
        return self.head(x)


torch.manual_seed(0)
model = ResMlp(8, 2)
opt = torch.optim.SGD(model.parameters(), lr=0.01)
for _ in range(2):
    x, y = torch.randn(4, 3), torch.randn(4, 1)
    opt.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    opt.step()
