"""Batches are lists; the held-out loss is computed in a helper."""
import torch
from torch import nn

torch.manual_seed(0)
batches = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]
held_out = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]
model = nn.Sequential(nn.Linear(3, 8), nn.AlphaDropout(0.1), nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
criterion = nn.SmoothL1Loss()


def held_out_loss():
    model.eval()
    with torch.no_grad():
        losses = [criterion(model(x), y).item() for x, y in held_out]
    model.train()
    return sum(losses) / len(losses)


for epoch in range(2):
    for x, y in batches:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
    print(epoch, held_out_loss())
