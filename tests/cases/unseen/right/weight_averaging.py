"""Stochastic weight averaging: an averaged model, its own schedule, batch-norm refreshed at the end."""
import torch
from torch import nn
from torch.optim.swa_utils import SWALR, AveragedModel, update_bn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), batch_size=4, shuffle=True)
model = nn.Sequential(nn.Linear(3, 6), nn.BatchNorm1d(6), nn.Linear(6, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
averaged = AveragedModel(model)
swa_schedule = SWALR(optimizer, swa_lr=0.05)
for epoch in range(2):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
    averaged.update_parameters(model)
    swa_schedule.step()
update_bn(loader, averaged)
averaged.eval()
with torch.no_grad():
    print(averaged(torch.randn(2, 3)).tolist())
