"""Several tasks, a head for each, kept by name."""
import torch
from torch import nn

TASKS = ("colour", "shape")


class MultiTask(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(5, 6)
        self.heads = nn.ModuleDict()
        for task in TASKS:
            self.heads[task] = nn.Linear(6, 3)

    def forward(self, x, task):
        return self.heads[task](torch.relu(self.encoder(x)))


def main():
    torch.manual_seed(0)
    net = MultiTask()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(2):
        for task in TASKS:
            x, y = torch.randn(4, 5), torch.randint(3, (4,))
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(x, task), y)
            loss.backward()
            optimizer.step()


main()
