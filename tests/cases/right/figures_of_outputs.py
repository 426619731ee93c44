"""Figures that carry a graph and are only looked at: norms, entropies, errors of what is trained anyway."""
import torch
from torch import nn
from torch.nn import functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.out = nn.Linear(4, 6), nn.Linear(6, 3)

    def forward(self, x):
        h = torch.relu(self.body(x))
        return self.out(h), h


torch.manual_seed(0)
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(2):
    for x in torch.randn(2, 8, 4):
        y = x[:, :3].argmax(1)
        logits, features = net(x)
        loss = F.cross_entropy(logits, y)
        norm = features.norm(dim=1).mean()
        alike = (features * features.mean(0)).sum(1).mean()
        p = logits.softmax(1)
        entropy = -(p * p.log()).sum(1).mean()
        error = (p - F.one_hot(y, 3)).abs().mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item(), norm.item(), alike.item(), entropy.item(), error.item())
