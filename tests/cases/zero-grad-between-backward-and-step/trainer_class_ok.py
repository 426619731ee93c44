"""Trainer with small private methods: forward, backward, update."""
import torch
from torch import nn


class Trainer:
    def __init__(self, model, batches):
        self.model = model
        self.batches = batches
        self.criterion = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def _forward(self, x, y):
        return self.criterion(self.model(x), y)

    def _backward(self, loss):
        self.optimizer.zero_grad()
        loss.backward()

    def _update(self):
        self.optimizer.step()

    def run(self, epochs):
        for epoch in range(epochs):
            for x, y in self.batches:
                loss = self._forward(x, y)
                self._backward(loss)
                self._update()
            print(epoch, loss.item())


torch.manual_seed(0)
Trainer(nn.Linear(4, 3), [(torch.randn(4, 4), torch.randint(0, 3, (4,))) for _ in range(2)]).run(2)
