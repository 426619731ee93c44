"""Trainer class with a plateau schedule and a validation method."""
import torch
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau


class Trainer:
    def __init__(self, model):
        self.model = model
        self.optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        self.lr_scheduler = ReduceLROnPlateau(self.optimizer, "min", factor=0.2, patience=3)

    def train_batch(self, x, y):
        self.optimizer.zero_grad()
        loss = nn.functional.mse_loss(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        self.lr_scheduler.step(loss.detach())  # expect: scheduler-per-batch
        return loss.item()

    @torch.no_grad()
    def validate(self, batches):
        self.model.eval()
        return sum(nn.functional.mse_loss(self.model(x), y).item() for x, y in batches) / len(batches)

    def fit(self, train_set, valid_set, epochs):
        for epoch in range(epochs):
            self.model.train()
            losses = [self.train_batch(x, y) for x, y in train_set]
            value = self.validate(valid_set)
            print(epoch, losses, value)


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 6), nn.BatchNorm1d(6), nn.Linear(6, 1))
make = lambda: [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]
Trainer(net).fit(make(), make(), epochs=2)
