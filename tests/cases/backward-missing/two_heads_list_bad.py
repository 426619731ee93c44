"""Two models and two optimizers kept in lists, stepped together."""
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
nets = [nn.Linear(3, 1), nn.Linear(3, 1)]
first, second = nets
opt_first = torch.optim.SGD(first.parameters(), lr=0.1)
opt_second = torch.optim.SGD(second.parameters(), lr=0.1)

for epoch in range(2):
    for step in range(2):
        x = torch.randn(4, 3)
        y = x.mean(dim=1, keepdim=True)
        opt_first.zero_grad()
        opt_second.zero_grad()
        loss_first = F.mse_loss(first(x), y)
        loss_second = F.mse_loss(second(x), y)
        loss_first.backward()
        opt_first.step()
        opt_second.step()  # expect: backward-missing
        print(epoch, step, loss_first.item(), loss_second.item())
