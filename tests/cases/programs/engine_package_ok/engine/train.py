"""One epoch of training."""
from torch import nn


def train_one_epoch(model, batches, optimizer):
    model.train()
    for x, y in batches:
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
