"""The guard as a statement of its own, above the loop."""
import torch
from torch import nn


def validate(model, batches, criterion):
    model.eval()
    losses = []
    torch.no_grad()
    for x, y in batches:
        out = model(x)  # expect: no-grad-missing
        losses.append(criterion(out, y).item())
    return sum(losses) / len(losses)


torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 2))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
train_batches = [(torch.randn(4, 4), torch.randint(0, 2, (4,))) for _ in range(2)]
valid_batches = [(torch.randn(4, 4), torch.randint(0, 2, (4,))) for _ in range(2)]
for epoch in range(2):
    model.train()
    for x, y in train_batches:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
    print(epoch, validate(model, valid_batches, criterion))
