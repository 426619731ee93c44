"""Loaders by a helper, from datasets of one class."""
import torch
from sklearn.datasets import load_breast_cancer
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Cells(Dataset):
    def __init__(self, begin, end):
        data = load_breast_cancer()
        values = torch.tensor(data.data[begin:end], dtype=torch.float32)
        self.features = values / values.abs().amax(0)
        self.labels = torch.tensor(data.target[begin:end])

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.features[index], self.labels[index]


def loaders(train_set, val_set):
    train_loader = DataLoader(train_set, batch_size=100, shuffle=True)
    val_loader = DataLoader(val_set, batch_size=100)  # expect: train-validation-overlap
    return train_loader, val_loader


torch.manual_seed(0)
train_set, val_set = Cells(0, 400), Cells(400, 569)
train_loader, val_loader = loaders(train_set, train_set)
print(len(train_set), len(val_set))
model = nn.Linear(30, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for x, y in train_loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    right = seen = 0
    with torch.no_grad():
        for x, y in val_loader:
            right += (model(x).argmax(1) == y).sum().item()
            seen += len(y)
    print(epoch, right / seen)
