"""Settings in a dataclass; more batches than are worth unrolling."""
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Config:
    batch_size: int = 10
    accumulate: int = 4
    epochs: int = 2


config = Config()
torch.manual_seed(0)
data = TensorDataset(torch.randn(100, 3), torch.randint(0, 2, (100,)))
loader = DataLoader(data, batch_size=config.batch_size, shuffle=True)
model = nn.Linear(3, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(config.epochs):
    for i, (x, y) in enumerate(loader):
        loss = nn.functional.cross_entropy(model(x), y) / config.accumulate
        loss.backward()
        if (i + 1) % config.accumulate == 0 or (i + 1) == len(loader):
            optimizer.step()
            optimizer.zero_grad()
    print(epoch, loss.item())
