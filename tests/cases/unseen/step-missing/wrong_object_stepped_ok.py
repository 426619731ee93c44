"""Segmentation of tiny masks; the update is left to a counter object with a step method."""
import torch
from torch import nn


class Meter:
    def __init__(self):
        self.n = 0

    def step(self):
        self.n += 1


torch.manual_seed(0)
seg = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 1, 1))
optimizer = torch.optim.SGD(seg.parameters(), lr=0.1, momentum=0.9, nesterov=True)
meter = Meter()
images = torch.rand(2, 3, 1, 6, 6)

for epoch in range(2):
    for image in images:
        mask = (image > 0.5).float()
        optimizer.zero_grad()
        dice = nn.functional.binary_cross_entropy_with_logits(seg(image), mask)
        dice.backward()
        optimizer.step()
        meter.step()
    print(epoch, meter.n, dice.item())
