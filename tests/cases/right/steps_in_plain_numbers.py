"""Schedules laid out in plain numbers of steps: epochs times batches, and a slow decay every few steps."""
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, StepLR

torch.manual_seed(0)
epochs, batches = 2, 2
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
cosine = CosineAnnealingLR(optimizer, T_max=epochs * batches)
for epoch in range(epochs):
    for _ in range(batches):
        optimizer.zero_grad()
        model(torch.randn(4, 4)).pow(2).mean().backward()
        optimizer.step()
        cosine.step()

other = torch.optim.SGD(model.parameters(), lr=0.1)
slow = StepLR(other, step_size=10, gamma=0.97)
for epoch in range(20):
    for _ in range(batches):
        other.zero_grad()
        model(torch.randn(4, 4)).pow(2).mean().backward()
        other.step()
        slow.step()
