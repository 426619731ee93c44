"""Flat script, validation-free, loader of iris measurements."""
import torch
from sklearn.datasets import load_iris
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
iris = load_iris()
features = torch.tensor(iris.data, dtype=torch.float32)
labels = torch.tensor(iris.target)
loader = DataLoader(TensorDataset(features, labels), batch_size=75, shuffle=True)
model = nn.Linear(4, 3)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(2):
    for x, y in loader:
        optimizer.zero_grad()
        logits = model(x)
        loss = criterion(logits, y)
        loss.backward()
        optimizer.step()
    print("epoch", epoch, "loss", loss.item())
