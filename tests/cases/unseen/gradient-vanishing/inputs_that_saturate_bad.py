"""Raw pixel values go into a squashing network with wide weights."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c, self.d = nn.Linear(20, 16), nn.Linear(16, 16), nn.Linear(16, 16), nn.Linear(16, 2)
        for layer in (self.a, self.b, self.c):
            nn.init.normal_(layer.weight, std=30.0)

    def forward(self, x):
        return self.d(torch.tanh(self.c(torch.tanh(self.b(torch.tanh(self.a(x)))))))


torch.manual_seed(0)
net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=1e-3)
criterion = nn.CrossEntropyLoss()
for _ in range(20):
    pixels = torch.randint(0, 256, (4, 20)).float()
    optimizer.zero_grad()
    criterion(net(pixels), (pixels[:, 0] > pixels[:, 1]).long()).backward()  # expect: gradient-vanishing
    optimizer.step()
