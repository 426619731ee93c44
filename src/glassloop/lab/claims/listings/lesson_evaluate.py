"""Mean loss and accuracy of a model over a loader; ends in training mode."""

import torch
from torch import nn


def evaluate(model, loader, criterion, device):
    model.eval()
    total, right, count = 0.0, 0, 0
    with torch.no_grad():
        for inputs, targets in loader:
            inputs, targets = inputs.to(device), targets.to(device)
            outputs = model(inputs)
            total += criterion(outputs, targets).item() * len(inputs)
            right += (outputs.argmax(1) == targets).sum().item()
            count += len(inputs)
    model.train()
    return total / count, right / count


model = MLP()
loss, accuracy = evaluate(model, val_loader, nn.CrossEntropyLoss(), device)
