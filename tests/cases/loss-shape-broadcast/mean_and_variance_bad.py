"""A model of mean and variance, by a Gaussian likelihood; the loss is a module."""
import torch
from torch import nn


class Heteroscedastic(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 8), nn.ReLU())
        self.mean, self.log_var = nn.Linear(8, 1), nn.Linear(8, 1)

    def forward(self, x):
        h = self.body(x)
        return self.mean(h), self.log_var(h).exp()


torch.manual_seed(0)
net, nll = Heteroscedastic(), nn.GaussianNLLLoss()
opt = torch.optim.RMSprop(net.parameters(), lr=1e-3)
for _ in range(4):
    x = torch.randn(7, 3)
    y = x.norm(dim=1)
    mean, variance = net(x)
    loss = nll(mean, y, variance)  # expect: loss-shape-broadcast
    opt.zero_grad()
    loss.backward()
    opt.step()
