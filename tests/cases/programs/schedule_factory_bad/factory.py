"""Builds what is trained."""
import settings
from torch import nn, optim


def build(epochs):
    model = nn.Linear(3, 1)
    optimizer = optim.SGD(model.parameters(), lr=settings.RATE)
    return model, optimizer, optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
