"""Trainer class with fit, train_step and validate methods."""
import torch
from torch import nn


class Trainer:
    def __init__(self, model):
        self.model = model
        self.optim = torch.optim.SGD(model.parameters(), lr=0.1)
        self.loss_fn = nn.CrossEntropyLoss()

    def train_step(self, x, y):
        self.optim.zero_grad()
        loss = self.loss_fn(self.model(x), y)
        loss.backward()
        self.optim.step()
        return loss.item()

    def validate(self, batches):
        self.model.eval()
        with torch.no_grad():
            return sum(self.loss_fn(self.model(x), y).item() for x, y in batches) / len(batches)

    def fit(self, train_set, valid_set, epochs):
        for epoch in range(epochs):
            self.model.train()
            for x, y in train_set:
                loss = self.train_step(x, y)
            print(epoch, loss, self.validate(valid_set))


def batches(seed):
    g = torch.Generator().manual_seed(seed)
    return [(torch.randn(4, 4, generator=g), torch.randint(0, 3, (4,), generator=g)) for _ in range(2)]


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
Trainer(net).fit(batches(1), batches(2), epochs=2)
