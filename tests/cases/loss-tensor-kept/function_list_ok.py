"""An epoch in a function that returns its losses."""
import torch
from torch import nn


def train_epoch(model, batches, optimizer, criterion):
    losses = []
    for x, y in batches:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        losses.append(loss.detach())
        loss.backward()
        optimizer.step()
    return torch.stack(losses).mean()


torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
batches = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]
for epoch in range(2):
    print(epoch, train_epoch(model, batches, optimizer, nn.MSELoss()).item())
