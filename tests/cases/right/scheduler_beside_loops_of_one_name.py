"""A stream of batches, loops that count with the same name, and a schedule of epochs stepped once an epoch."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.randn(240, 4), torch.randint(0, 2, (240,)))
loader = DataLoader(data, batch_size=48, shuffle=True)
model = nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
EPOCHS = 2
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=EPOCHS)
batches = iter(loader)
def get():
    global batches
    try:
        return next(batches)
    except StopIteration:
        batches = iter(loader)
        return next(batches)
for _ in range(EPOCHS):
    for _ in range(7):
        x, y = get()
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    scheduler.step()
