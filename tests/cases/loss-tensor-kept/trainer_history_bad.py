"""A trainer class with a history."""
import torch
from torch import nn


class Trainer:
    def __init__(self):
        self.net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 1))
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=0.05)
        self.history = {"loss": []}

    def fit(self, batches, epochs):
        for _ in range(epochs):
            for x, y in batches:
                loss = nn.functional.huber_loss(self.net(x), y)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                self.history["loss"].append(loss)  # expect: loss-tensor-kept


torch.manual_seed(0)
trainer = Trainer()
trainer.fit([(torch.randn(4, 4), torch.randn(4, 1)) for _ in range(2)], 2)
print(len(trainer.history["loss"]))
