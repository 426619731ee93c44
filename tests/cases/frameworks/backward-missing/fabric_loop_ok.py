"""Fabric: two models, one optimizer each."""
import torch
from lightning_fabric import Fabric
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
fabric = Fabric(accelerator="cpu", devices=1)
a, opt_a = fabric.setup(net := nn.Linear(3, 1), torch.optim.SGD(net.parameters(), lr=0.1))
b, opt_b = fabric.setup(net := nn.Linear(3, 1), torch.optim.SGD(net.parameters(), lr=0.1))
for step in range(3):
    x, y = torch.randn(4, 3), torch.randn(4, 1)
    loss_a, loss_b = nn.functional.mse_loss(a(x), y), nn.functional.mse_loss(b(x), y)
    opt_a.zero_grad()
    opt_b.zero_grad()
    fabric.backward(loss_a)
    fabric.backward(loss_b)
    opt_a.step()
    opt_b.step()
    print(step, loss_a.item(), loss_b.item())
