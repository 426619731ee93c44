"""Trainer class with a config dict; the schedule halves the rate midway."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Trainer:
    def __init__(self, config):
        self.epochs = config["epochs"]
        self.model = nn.Linear(config["features"], 1)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=config["lr"])
        self.scheduler = torch.optim.lr_scheduler.StepLR(
            self.optimizer, step_size=self.epochs // 2, gamma=0.5
        )

    def train_epoch(self, loader):
        for x, y in loader:
            self.optimizer.zero_grad()
            loss = nn.functional.mse_loss(self.model(x), y)
            loss.backward()
            self.optimizer.step()
            self.scheduler.step()  # expect: scheduler-per-batch
        return loss.item()

    def fit(self, loader):
        for epoch in range(self.epochs):
            loss = self.train_epoch(loader)
            print(epoch, loss, self.scheduler.get_last_lr())


torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), batch_size=4, shuffle=True)
Trainer({"epochs": 2, "features": 3, "lr": 0.1}).fit(loader)
