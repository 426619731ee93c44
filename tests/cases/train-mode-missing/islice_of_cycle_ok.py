"""Flat script; so many steps of a cycle, looked at every ten."""
import itertools

import torch
from torch import nn

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(10, 20)
        self.drop = nn.Dropout(0.5)
        self.b = nn.Linear(20, 1)

    def forward(self, x):
        return self.b(self.drop(torch.relu(self.a(x))))


net = Net().train()
opt = torch.optim.Adam(net.parameters())
train = [(torch.randn(8, 10), torch.randn(8, 1)) for _ in range(7)]
val_x, val_y = torch.randn(40, 10), torch.randn(40, 1)
for step, (x, y) in enumerate(itertools.islice(itertools.cycle(train), 40)):
    loss = (net(x) - y).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 10 == 9:
        net.eval()
        with torch.inference_mode():
            print(step, (net(val_x) - val_y).pow(2).mean().item())
        net.train()
