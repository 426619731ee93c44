"""A batch too large for the memory, cut into pieces; the step follows the last."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for epoch in range(2):
    for big in torch.randn(2, 8, 5):
        optimizer.zero_grad()
        pieces = big.chunk(2)
        for piece in pieces:
            loss = nn.functional.l1_loss(model(piece), piece.sum(1, keepdim=True))
            (loss / len(pieces)).backward()
        optimizer.step()
    print(epoch, loss.item())
