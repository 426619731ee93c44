"""A model with three outputs, and a term of its loss written by hand."""
import torch
from torch import nn
from torch.nn import functional as F


class Coder(nn.Module):
    def __init__(self):
        super().__init__()
        self.mean, self.spread, self.back = nn.Linear(4, 2), nn.Linear(4, 2), nn.Linear(2, 4)

    def forward(self, x):
        mean, spread = self.mean(x), self.spread(x)
        return self.back(mean + torch.randn_like(mean) * torch.exp(0.5 * spread)), mean, spread


torch.manual_seed(0)
coder = Coder()
opt = torch.optim.Adam(coder.parameters())
for epoch in range(2):
    for x in torch.randn(2, 8, 4):
        again, mean, spread = coder(x)
        rebuilt = F.mse_loss(again, x)
        prior = -0.5 * torch.mean(1 + spread - mean.pow(2) - spread.exp())  # expect: loss-never-backpropagated
        loss = rebuilt
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, rebuilt.item(), prior.item())
