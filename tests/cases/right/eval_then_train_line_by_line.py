"""Every phase sets its own mode, the first evaluation comes before any training."""
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.Linear(5, 2))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
x_train, y_train = torch.randn(2, 4, 3), torch.randint(0, 2, (2, 4))


def phase(train):
    net.train() if train else net.eval()
    losses = []
    for x, y in zip(x_train, y_train):
        if train:
            opt.zero_grad()
            loss = nn.functional.cross_entropy(net(x), y)
            loss.backward()
            opt.step()
        else:
            with torch.no_grad():
                loss = nn.functional.cross_entropy(net(x), y)
        losses.append(loss.item())
    return sum(losses) / 2


print("before", phase(train=False))
for epoch in range(2):
    print(epoch, phase(train=True), phase(train=False))
