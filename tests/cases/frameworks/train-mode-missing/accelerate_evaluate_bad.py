"""Accelerate: an evaluation after every epoch, in a function of its own."""
import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
accelerator = Accelerator(cpu=True)
model = nn.Sequential(nn.Linear(3, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
make = lambda: TensorDataset(torch.randn(8, 3), torch.randn(8, 1))
train, val = DataLoader(make(), batch_size=4, shuffle=True), DataLoader(make(), batch_size=4)
model, optimizer, train, val = accelerator.prepare(model, optimizer, train, val)


def evaluate():
    model.eval()
    losses = []
    for x, y in val:
        with torch.no_grad():
            loss = nn.functional.mse_loss(model(x), y)
        losses.append(accelerator.gather_for_metrics(loss.repeat(len(x))))
    return torch.cat(losses).mean().item()


model.train()
for epoch in range(2):
    for x, y in train:
        loss = nn.functional.mse_loss(model(x), y)  # expect: train-mode-missing
        accelerator.backward(loss)
        optimizer.step()
        optimizer.zero_grad()
    accelerator.print(epoch, evaluate())
