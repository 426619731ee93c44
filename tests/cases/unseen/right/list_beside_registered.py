"""A plain list of layers that are registered by name too."""
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, widths=(3, 5, 4)):
        super().__init__()
        self.layers = []
        for i, (a, b) in enumerate(zip(widths, widths[1:])):
            layer = nn.Linear(a, b)
            self.add_module(f"layer{i}", layer)
            self.layers.append(layer)
        self.out = nn.Sequential(*[nn.Linear(widths[-1], 4), nn.ReLU(), nn.Linear(4, 1)])

    def forward(self, x):
        for layer in self.layers:
            x = torch.tanh(layer(x))
        return self.out(x)


torch.manual_seed(0)
net = Net()
opt = torch.optim.Adam(net.parameters())
for _ in range(2):
    opt.zero_grad()
    nn.functional.mse_loss(net(torch.randn(4, 3)), torch.randn(4, 1)).backward()
    opt.step()
