"""An epoch's mean weighted by the batch sizes, kept in a meter."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Mean:
    def __init__(self):
        self.total, self.count = 0.0, 0

    def add(self, value, n):
        self.total += float(value) * n
        self.count += n

    def result(self):
        return self.total / max(self.count, 1)


torch.manual_seed(0)
train = DataLoader(TensorDataset(torch.randn(10, 3), torch.randn(10, 1)), batch_size=4, shuffle=True)
valid = DataLoader(TensorDataset(torch.randn(9, 3), torch.randn(9, 1)), batch_size=4)
model = nn.Linear(3, 1)
opt = torch.optim.Adam(model.parameters())
for epoch in range(2):
    train_loss, valid_loss = Mean(), Mean()
    for x, y in train:
        loss = nn.functional.mse_loss(model(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        train_loss.add(loss.detach(), len(x))
    with torch.no_grad():
        for x, y in valid:
            valid_loss.add(nn.functional.mse_loss(model(x), y), len(x))
    print(train_loss.result(), valid_loss.result())
