"""The evaluation puts back whatever mode it found."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def evaluate(model, loader):
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            return sum(nn.functional.cross_entropy(model(x), y, reduction="sum").item() for x, y in loader)
    finally:
        model.train(was_training)


torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 2))
opt = torch.optim.SGD(model.parameters(), lr=0.1)
train = DataLoader(TensorDataset(torch.randn(8, 3), torch.randint(2, (8,))), batch_size=4, shuffle=True)
valid = DataLoader(TensorDataset(torch.randn(6, 3), torch.randint(2, (6,))), batch_size=4)
for epoch in range(2):
    for step, (x, y) in enumerate(train):
        opt.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        opt.step()
        if step % 2 == 0:
            print(evaluate(model, valid) / 6)
