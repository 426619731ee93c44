"""A function with a scaler."""
import torch
from torch import nn


def train_step(model, x, y, optimizer, scaler):
    optimizer.zero_grad()
    with torch.amp.autocast("cpu", dtype=torch.bfloat16):
        loss = nn.functional.mse_loss(model(x), y)
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
    return loss.item()


torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cpu")
for epoch in range(2):
    for x in torch.randn(2, 4, 3):
        print(epoch, train_step(model, x, x.sum(1, keepdim=True), optimizer, scaler))
