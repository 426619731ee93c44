"""Plain statements from top to bottom."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.data.distributed import DistributedSampler

torch.manual_seed(0)
rows = TensorDataset(torch.randn(16, 3))
sampler = DistributedSampler(rows, num_replicas=2, rank=0)
loader = DataLoader(rows, batch_size=4, sampler=sampler)
held_out = DataLoader(TensorDataset(torch.randn(6, 3)), batch_size=4)
model = nn.Linear(3, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)
for epoch in range(2):
    sampler.set_epoch(epoch)
    for (x,) in loader:
        loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scheduler.step()
    total = 0.0
    with torch.no_grad():
        for (x,) in held_out:
            value = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
            total += value.item() * len(x)
    print(total / len(held_out.dataset))
