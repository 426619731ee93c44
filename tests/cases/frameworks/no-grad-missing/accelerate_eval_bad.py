"""Accelerate: evaluation at the end of each epoch."""
import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
accelerator = Accelerator(cpu=True)
net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 2))
fit = DataLoader(TensorDataset(torch.randn(8, 4), torch.randint(0, 2, (8,))), batch_size=4, shuffle=True)
check = DataLoader(TensorDataset(torch.randn(8, 4), torch.randint(0, 2, (8,))), batch_size=4)
model, optimizer, fit, check = accelerator.prepare(net, torch.optim.Adam(net.parameters()), fit, check)
for epoch in range(2):
    model.train()
    for x, y in fit:
        optimizer.zero_grad()
        accelerator.backward(nn.functional.cross_entropy(model(x), y))
        optimizer.step()
    model.eval()
    hits = 0
    for x, y in check:
        logits = model(x)  # expect: no-grad-missing
        hits += (logits.argmax(-1) == y).sum().item()
    accelerator.print(epoch, hits / 8)
