"""A student, its moving average in a class of its own, and a consistency loss."""
import copy

import torch
from torch import nn


class Average:
    def __init__(self, model, decay=0.9):
        self.model, self.decay = copy.deepcopy(model), decay
        self.model.requires_grad_(False)

    @torch.no_grad()
    def update(self, other):
        for mine, theirs in zip(self.model.parameters(), other.parameters()):
            mine.lerp_(theirs, 1 - self.decay)


torch.manual_seed(0)
student = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2))
average = Average(student)
opt = torch.optim.SGD(student.parameters(), lr=0.1)
for epoch in range(2):
    for x in torch.randn(2, 6, 3):
        with torch.no_grad():
            goal = average.model(x).softmax(1)
        loss = nn.functional.cross_entropy(student(x + 0.1 * torch.randn_like(x)), goal)
        opt.zero_grad()
        opt.step()  # expect: backward-missing
        average.update(student)
    print(epoch, loss.item())
