"""A step-based loop that makes a new iterator only when the old one is spent."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), batch_size=4, shuffle=True)
sample, _ = next(iter(loader))
model = nn.Linear(sample.shape[1], 1)
opt = torch.optim.Adam(model.parameters())
iterator = iter(loader)
for step in range(5):
    try:
        x, y = next(iterator)
    except StopIteration:
        iterator = iter(loader)
        x, y = next(iterator)
    opt.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    opt.step()
