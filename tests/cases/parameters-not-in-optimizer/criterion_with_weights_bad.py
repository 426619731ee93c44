"""A loss that has centres of its own to learn, and an embedding network."""
import itertools

import torch
import torch.nn.functional as F
from torch import nn


class CosineMargin(nn.Module):
    def __init__(self, width, classes, scale=8.0, margin=0.2):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(classes, width))
        self.scale, self.margin = scale, margin

    def forward(self, features, labels):
        cosine = F.linear(F.normalize(features), F.normalize(self.weight))
        margin = self.margin * F.one_hot(labels, len(self.weight))
        return F.cross_entropy(self.scale * (cosine - margin), labels)


torch.manual_seed(0)
network = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 4))
criterion = CosineMargin(4, 3)
optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)  # expect: parameters-not-in-optimizer
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1)
for epoch in range(2):
    for _ in range(3):
        x, y = torch.randn(6, 5), torch.randint(3, (6,))
        loss = criterion(network(x), y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
    scheduler.step()
