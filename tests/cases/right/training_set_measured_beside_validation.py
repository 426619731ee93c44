"""The training accuracy is measured by a loader of its own, the validation by another."""
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
digits = load_digits()
x, y = torch.tensor(digits.data, dtype=torch.float32) / 16, torch.tensor(digits.target)
train_set, val_set = TensorDataset(x[:200], y[:200]), TensorDataset(x[200:300], y[200:300])
train_loader = DataLoader(train_set, batch_size=100, shuffle=True)
train_eval_loader = DataLoader(train_set, batch_size=100)
val_loader = DataLoader(val_set, batch_size=50)
model = nn.Linear(64, 10)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)


@torch.no_grad()
def accuracy(loader):
    model.eval()
    right = sum((model(a).argmax(1) == b).sum().item() for a, b in loader)
    return right / len(loader.dataset)


for epoch in range(2):
    model.train()
    for a, b in train_loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(a), b).backward()
        optimizer.step()
    print(accuracy(train_eval_loader), accuracy(val_loader))
