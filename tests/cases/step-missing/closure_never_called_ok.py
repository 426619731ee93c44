"""A nested update function beside the loop that should call it."""
import torch
from torch import nn


def fit(batches):
    net = nn.Linear(3, 2)
    opt = torch.optim.SGD(net.parameters(), lr=0.3)

    def update():
        opt.step()
        opt.zero_grad()

    for epoch in range(2):
        for x, y in batches:
            loss = nn.functional.cross_entropy(net(x), y)
            loss.backward()
            update()
        print(epoch, loss.item())
    return update


torch.manual_seed(0)
fit([(torch.randn(4, 3), torch.randint(0, 2, (4,))) for _ in range(2)])
