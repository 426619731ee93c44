"""A trainer class that wraps its loss in a Variable, as old code does."""
import torch
from torch import nn
from torch.autograd import Variable


class Trainer:
    def __init__(self, model):
        self.model = model
        self.optim = torch.optim.RMSprop(model.parameters(), lr=1e-3)
        self.criterion = nn.L1Loss()

    def compute_loss(self, x, y):
        loss = self.criterion(self.model(x), y)
        return loss

    def fit(self, batches, epochs):
        for epoch in range(epochs):
            for x, y in batches:
                self.optim.zero_grad()
                loss = self.compute_loss(x, y)
                loss.backward()
                self.optim.step()
            print(epoch, loss.item())


torch.manual_seed(0)
Trainer(nn.Linear(3, 2)).fit([(torch.randn(4, 3), torch.randn(4, 2)) for _ in range(2)], 2)
