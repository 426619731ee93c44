"""A trainer class that counts its batches."""
import torch
from torch import nn


class Trainer:
    def __init__(self, model, every):
        self.model, self.every, self.seen = model, every, 0
        self.optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        self.loss = nn.SmoothL1Loss()

    def batch(self, x, y):
        loss = self.loss(self.model(x), y)
        loss.backward()  # expect: accumulation-not-averaged
        self.seen += 1
        if self.seen % self.every == 0:
            self.optimizer.step()
            self.optimizer.zero_grad()
        return loss.item()


torch.manual_seed(0)
trainer = Trainer(nn.Linear(3, 2), 2)
for epoch in range(2):
    for _ in range(4):
        print(epoch, trainer.batch(torch.randn(4, 3), torch.randn(4, 2)))
