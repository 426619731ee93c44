"""Ignite: an update function of one's own for a regression."""
import torch
from ignite.engine import Engine
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x = torch.randn(16, 4)
loader = DataLoader(TensorDataset(x, x.sum(1)), batch_size=4, shuffle=True)
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
criterion = nn.SmoothL1Loss()


def update(engine, batch):
    model.train()
    inputs, targets = batch
    optimizer.zero_grad()
    loss = criterion(model(inputs).squeeze(-1), targets)
    loss.backward()
    optimizer.step()
    return loss.item()


Engine(update).run(loader, max_epochs=2)
