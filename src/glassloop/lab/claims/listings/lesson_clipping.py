"""Clipping between backward and step."""

import torch
from torch import nn

model = MLP()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
inputs, targets = next(iter(train_loader))
optimizer.zero_grad()
loss = nn.functional.cross_entropy(model(inputs), targets)
loss.backward()
norm = torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=0.01)
optimizer.step()
