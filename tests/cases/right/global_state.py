"""Everything is a module global changed by functions that say so."""
import torch
from torch import nn

net = optimizer = None
updates = 0


def setup():
    global net, optimizer
    torch.manual_seed(0)
    net = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)


def update(x):
    global updates
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(net(x), x.sum(1, keepdim=True))
    loss.backward()
    optimizer.step()
    updates += 1
    return loss.item()


setup()
for epoch in range(2):
    for x in torch.randn(2, 5, 3):
        value = update(x)
    print(epoch, updates, value)
