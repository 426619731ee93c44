"""A main and an auxiliary classifier, a scaler for half precision, two groups of parameters."""
import torch
from torch import nn


class Inception(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Linear(5, 8), nn.ReLU())
        self.main = nn.Linear(8, 3)
        self.aux = nn.Linear(8, 3)

    def forward(self, x):
        h = self.stem(x)
        return self.main(h), self.aux(h)


torch.manual_seed(0)
net = Inception()
groups = [{"params": net.stem.parameters()}, {"params": [*net.main.parameters(), *net.aux.parameters()], "lr": 0.05}]
optimizer = torch.optim.SGD(groups, lr=0.01)
scaler = torch.amp.GradScaler("cpu")
for _ in range(6):
    x, y = torch.randn(8, 5), torch.randint(3, (8,))
    main, aux = net(x)
    loss = nn.functional.cross_entropy(main, y) + 0.3 * nn.functional.cross_entropy(aux, y)
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
