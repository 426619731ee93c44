"""One epoch of training."""
from torch import nn


def train_one_epoch(model, batches, optimizer):
    for x, y in batches:
        loss = nn.functional.mse_loss(model(x), y)  # expect: train-mode-missing
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
