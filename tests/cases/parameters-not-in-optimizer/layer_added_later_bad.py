"""A model that is given one layer more before the training."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential()
model.add_module("first", nn.Linear(4, 8))
model.add_module("relu", nn.ReLU())
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)  # expect: parameters-not-in-optimizer
model.add_module("last", nn.Linear(8, 1))
for i in range(6):
    inputs = torch.randn(8, 4)
    targets = inputs.sum(1, keepdim=True)
    optimizer.zero_grad()
    output = model(inputs)
    loss = (output - targets).abs().mean()
    loss.backward()
    optimizer.step()
print(loss.item())
