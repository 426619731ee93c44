"""The shape of the data is looked up in the first batch where it is not known."""
import os

import torch
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), batch_size=4, shuffle=True)
width = int(os.environ.get("WIDTH", 3))
if width == 0:
    first = iter(loader)
    sample, _ = next(first)
    width = sample.shape[1]
net = torch.nn.Linear(width, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(2):
    for x, y in loader:
        opt.zero_grad()
        torch.nn.functional.mse_loss(net(x), y).backward()
        opt.step()
