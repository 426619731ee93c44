"""A second loss only watches: it is computed without a graph."""
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.05)
for step in range(2):
    x, y = torch.randn(6, 3), torch.randn(6, 1)
    out = net(x)
    loss = F.huber_loss(out, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        mae = F.l1_loss(out, y)
    print(step, loss.item(), mae.item(), F.mse_loss(out.detach(), y).item())
