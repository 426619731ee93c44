"""Fabric: clip_gradients() in a training function."""
import torch
from lightning_fabric import Fabric
from torch import nn


def train(fabric, model, optimizer, batches):
    for x, y in batches:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        fabric.backward(loss)
        fabric.clip_gradients(model, optimizer, max_norm=0.5)
        optimizer.step()
    return loss.item()


torch.manual_seed(0)
fabric = Fabric(accelerator="cpu", devices=1)
net = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))
model, optimizer = fabric.setup(net, torch.optim.SGD(net.parameters(), lr=0.1))
batches = [(torch.randn(4, 4), torch.randint(0, 3, (4,))) for _ in range(2)]
for epoch in range(2):
    print(epoch, train(fabric, model, optimizer, batches))
