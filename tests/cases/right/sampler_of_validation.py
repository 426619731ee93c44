"""Two samplers: that of the validation has one order."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.data.distributed import DistributedSampler

torch.manual_seed(0)
rows, others = TensorDataset(torch.randn(16, 3)), TensorDataset(torch.randn(16, 3))
loader = DataLoader(rows, batch_size=4, sampler=DistributedSampler(rows, num_replicas=2, rank=0))
held_out = DataLoader(others, batch_size=4, sampler=DistributedSampler(others, num_replicas=2, rank=0))
model = nn.Linear(3, 1)
optimizer = torch.optim.Adam(model.parameters())
for epoch in range(2):
    loader.sampler.set_epoch(epoch)
    for (x,) in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
        optimizer.step()
    with torch.no_grad():
        for (x,) in held_out:
            model(x)
