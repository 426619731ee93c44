"""A validation batch is looked at before training, and one after each epoch."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4, shuffle=True)
held_out = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4)
model = nn.Linear(3, 1)
optimizer = torch.optim.Adam(model.parameters())
(first,) = next(iter(held_out))
print(first.shape)
for epoch in range(2):
    for (x,) in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
        optimizer.step()
    with torch.no_grad():
        (sample,) = next(iter(held_out))
        print(model(sample).mean())
