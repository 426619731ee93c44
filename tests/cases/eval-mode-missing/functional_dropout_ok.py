"""Dropout is a function in the forward; the evaluation comes every few steps."""
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 16)
        self.second = nn.Linear(16, 3)

    def forward(self, x):
        x = F.relu(self.first(x))
        x = F.dropout(x, 0.4, training=self.training)
        return self.second(x)


def accuracy(model, loader):
    model.eval()
    hits = 0
    with torch.no_grad():
        for x, y in loader:
            hits += (model(x).argmax(dim=1) == y).sum().item()
    model.train()
    return hits / len(loader.dataset)


torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(16, 4), torch.randint(3, (16,))), batch_size=4, shuffle=True)
val_loader = DataLoader(TensorDataset(torch.randn(8, 4), torch.randint(3, (8,))), batch_size=4)
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
step = 0
for epoch in range(2):
    for x, y in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        step += 1
        if step % 2 == 0:
            print(step, accuracy(model, val_loader))
