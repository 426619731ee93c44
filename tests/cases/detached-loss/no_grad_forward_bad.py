"""Forward in a helper that is used for scoring, too."""
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 2))
opt = torch.optim.SGD(net.parameters(), lr=0.1)


@torch.no_grad()
def score(x, y):
    return nn.functional.cross_entropy(net(x), y)


for epoch in range(2):
    for _ in range(2):
        x = torch.randn(5, 3)
        loss = score(x, (x.sum(1) > 0).long())
        loss.requires_grad_()
        opt.zero_grad()
        loss.backward()  # expect: detached-loss
        opt.step()
    print(epoch, loss.item())
