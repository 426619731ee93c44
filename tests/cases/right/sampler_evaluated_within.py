"""A loader that goes by a DistributedSampler is looked through for the loss inside its own pass, its epoch told."""

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.randn(32, 4), torch.randint(0, 2, (32,)))
sampler = DistributedSampler(data, num_replicas=1, rank=0, shuffle=True)
loader = DataLoader(data, batch_size=8, sampler=sampler)
model = torch.nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)


def loss_over(loader, most):
    total = 0.0
    with torch.no_grad():
        for i, (x, y) in enumerate(loader):
            if i == most:
                break
            total += F.cross_entropy(model(x), y, reduction="sum").item()
    return total


for epoch in range(4):
    sampler.set_epoch(epoch)
    for step, (x, y) in enumerate(loader):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        if step % 2 == 0:
            print(loss_over(loader, 2))
