"""Several labels at once; an activation is looked up in a table and used in a helper."""
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

ACTIVATIONS = {"sigmoid": nn.Sigmoid(), "none": nn.Identity()}


@dataclass
class Config:
    labels: int = 5
    rate: float = 0.1
    output: str = "sigmoid"


def training_step(model, activation, optimizer, x, y):
    optimizer.zero_grad()
    prediction = activation(model(x))
    loss = F.binary_cross_entropy_with_logits(prediction, y, reduction="mean")  # expect: sigmoid-before-bce-with-logits
    loss.backward()
    optimizer.step()
    return loss.item()


torch.manual_seed(0)
config = Config()
model = nn.Linear(4, config.labels)
optimizer = torch.optim.SGD(model.parameters(), lr=config.rate)
for epoch in range(2):
    for _ in range(2):
        print(training_step(model, ACTIVATIONS[config.output], optimizer, torch.randn(4, 4), torch.rand(4, 5).round()))
