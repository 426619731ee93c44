"""Accuracies of batches, each over its own size, then their plain mean."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def accuracy(model, loader):
    model.eval()
    found = []
    with torch.no_grad():
        for x, y in loader:
            correct = (model(x).argmax(dim=1) == y).sum().item()
            found.append((correct / y.size(0), y.size(0)))
    model.train()
    return sum(a * n for a, n in found) / sum(n for _, n in found)


torch.manual_seed(0)
train = DataLoader(TensorDataset(torch.randn(8, 3), torch.randint(2, (8,))), batch_size=4, shuffle=True)
held_out = DataLoader(TensorDataset(torch.randn(7, 3), torch.randint(2, (7,))), batch_size=4)
model = nn.Linear(3, 2)
opt = torch.optim.Adam(model.parameters())
for epoch in range(2):
    for x, y in train:
        opt.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        opt.step()
    print(epoch, accuracy(model, held_out))
