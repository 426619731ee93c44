"""A Trainer class that saves its schedule's state with the rest."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Trainer:
    def __init__(self, model, loader):
        self.model, self.loader = model, loader
        self.optim = torch.optim.SGD(model.parameters(), lr=0.1)
        self.sched = torch.optim.lr_scheduler.ExponentialLR(self.optim, gamma=0.9)  # expect: scheduler-never-stepped

    def epoch(self):
        for x, y in self.loader:
            self.optim.zero_grad()
            nn.functional.mse_loss(self.model(x), y).backward()
            self.optim.step()

    def state(self):
        return {"model": self.model.state_dict(), "optim": self.optim.state_dict(), "sched": self.sched.state_dict()}

    def fit(self, epochs):
        for _ in range(epochs):
            self.epoch()
        return self.state()


torch.manual_seed(0)
data = TensorDataset(torch.randn(8, 3), torch.randn(8, 1))
Trainer(nn.Linear(3, 1), DataLoader(data, batch_size=4, shuffle=True)).fit(2)
