"""Trainer class; the loss is a running attribute."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Trainer:
    def __init__(self, model, loader):
        self.model, self.loader = model, loader
        self.opt = torch.optim.Adam(model.parameters(), lr=1e-2)
        self.history = []

    def step(self, x, y):
        self.opt.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(self.model(x), y)
        loss.backward
        self.opt.step()  # expect: backward-missing
        self.history.append(loss.item())

    def fit(self, epochs):
        for epoch in range(epochs):
            for x, y in self.loader:
                self.step(x, y)
            print(epoch, self.history[-1])


torch.manual_seed(0)
data = TensorDataset(torch.randn(8, 3), torch.randint(0, 2, (8, 1)).float())
Trainer(nn.Linear(3, 1), DataLoader(data, batch_size=4, shuffle=True)).fit(2)
