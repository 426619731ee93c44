"""Model, optimizer and schedule come from a factory module, settings from another."""
import torch
from torch import nn

import settings
from factory import build

torch.manual_seed(settings.SEED)
model, optimizer, schedule = build(settings.EPOCHS)
for epoch in range(settings.EPOCHS):
    for x in torch.randn(2, 4, 3):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
        optimizer.step()
        schedule.step()  # expect: scheduler-per-batch
    print(epoch, schedule.get_last_lr())
