"""Trainer with _train_epoch and _valid_epoch."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Trainer:
    def __init__(self, net, loaders):
        self.net, self.loaders = net, loaders
        self.optim = torch.optim.Adam(net.parameters(), lr=1e-3)
        self.criterion = nn.SmoothL1Loss()

    def _train_epoch(self):
        self.net.train()
        for x, y in self.loaders["train"]:
            self.optim.zero_grad()
            self.criterion(self.net(x), y).backward()
            self.optim.step()

    def _valid_epoch(self):
        self.net.eval()
        total = 0.0
        for x, y in self.loaders["valid"]:
            guess = self.net(x)  # expect: no-grad-missing
            total += self.criterion(guess, y).item()
        return total / len(self.loaders["valid"])

    def run(self, epochs):
        for epoch in range(epochs):
            self._train_epoch()
            print(epoch, self._valid_epoch())


torch.manual_seed(0)
loaders = {
    "train": DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), batch_size=4, shuffle=True),
    "valid": DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), batch_size=4),
}
Trainer(nn.Sequential(nn.Linear(3, 6), nn.Dropout(0.2), nn.Linear(6, 1)), loaders).run(2)
