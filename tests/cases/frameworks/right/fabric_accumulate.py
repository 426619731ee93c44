"""Fabric: accumulation with no_backward_sync, a validation function, mixed modes."""
import torch
from lightning_fabric import Fabric
from torch import nn

torch.manual_seed(0)
fabric = Fabric(accelerator="cpu", devices=1)
net = nn.Sequential(nn.Linear(3, 6), nn.Dropout(0.1), nn.Linear(6, 1))
model, opt = fabric.setup(net, torch.optim.SGD(net.parameters(), lr=0.1))
fit, check = torch.randn(4, 4, 3), torch.randn(2, 4, 3)


def validate():
    model.eval()
    with torch.no_grad():
        return sum(nn.functional.mse_loss(model(x), x[:, :1]).item() for x in check)


for epoch in range(2):
    model.train()
    for i, x in enumerate(fit):
        waiting = i % 2 == 0
        with fabric.no_backward_sync(model, enabled=waiting):
            loss = nn.functional.mse_loss(model(x), x[:, :1]) / 2
            fabric.backward(loss)
        if not waiting:
            fabric.clip_gradients(model, opt, max_norm=1.0)
            opt.step()
            opt.zero_grad()
    print(epoch, validate())
