"""A temperature is part of the model and is fitted after the training, by another optimizer."""
import torch
from torch import nn


class Calibrated(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(4, 3)
        self.temperature = nn.Parameter(torch.ones(()))

    def forward(self, x):
        return self.net(x)


torch.manual_seed(0)
model = Calibrated()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(5):
    x, y = torch.randn(8, 4), torch.randint(3, (8,))
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
model.eval()
x, y = torch.randn(8, 4), torch.randint(3, (8,))
with torch.no_grad():
    logits = model(x)
fit = torch.optim.SGD([model.temperature], lr=0.01)
for step in range(5):
    fit.zero_grad()
    nn.functional.cross_entropy(logits / model.temperature, y).backward()
    fit.step()
