"""Flat accumulation script: a modulo guard over enumerate(loader)."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
accum_steps = 2
data = TensorDataset(torch.randn(16, 3), torch.randn(16, 1))
loader = DataLoader(data, batch_size=4, shuffle=True)
model = nn.Linear(3, 1)
mse = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

for epoch in range(2):
    for i, (x, y) in enumerate(loader):
        optimizer.zero_grad()  # expect: zero-grad-breaks-accumulation
        loss = mse(model(x), y) / accum_steps
        loss.backward()
        if (i + 1) % accum_steps == 0:
            optimizer.step()
    print(epoch, loss.item() * accum_steps)
