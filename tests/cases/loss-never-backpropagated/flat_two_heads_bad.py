"""Flat script with two heads and two losses."""
import torch
from torch import nn

torch.manual_seed(0)
body, classify, measure = nn.Linear(4, 8), nn.Linear(8, 3), nn.Linear(8, 1)
optimizer = torch.optim.SGD([p for m in (body, classify, measure) for p in m.parameters()], lr=0.05)  # expect: parameters-never-updated
for epoch in range(2):
    for x in torch.randn(2, 6, 4):
        features = body(x).relu()
        classed = nn.functional.cross_entropy(classify(features), x[:, :3].argmax(1))
        measured = nn.functional.mse_loss(measure(features), x[:, 3:])  # expect: loss-never-backpropagated
        optimizer.zero_grad()
        classed.backward()
        optimizer.step()
    print(epoch, classed.item(), measured.item())
