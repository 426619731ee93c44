"""Residual blocks in a ModuleList, gradients accumulated."""
import torch
from torch import nn


class Tower(nn.Module):
    def __init__(self, depth=3, width=6):
        super().__init__()
        self.blocks = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])
        self.head = nn.Linear(width, 2)

    def forward(self, x):
        for i in range(len(self.blocks)):
            x = x + torch.tanh(self.blocks[i](x))
        return self.head(x)


def main(accumulate=2, steps=8):
    torch.manual_seed(0)
    tower = Tower()
    optimizer = torch.optim.SGD(tower.parameters(), lr=0.1)
    optimizer.zero_grad()
    for step in range(steps):
        x, y = torch.randn(4, 6), torch.randint(2, (4,))
        loss = nn.functional.cross_entropy(tower(x), y) / accumulate
        loss.backward()
        if (step + 1) % accumulate == 0:
            optimizer.step()
            optimizer.zero_grad()


if __name__ == "__main__":
    main()
