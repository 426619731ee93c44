"""A Trainer class whose model can be built anew between two runs."""
import torch
from torch import nn


class Trainer:
    def __init__(self, width):
        self.width = width
        self.model = nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 1))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.05)

    def reset(self):
        self.model = nn.Sequential(
            nn.Linear(4, self.width), nn.ReLU(), nn.Linear(self.width, 1)
        )
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.05)

    def fit(self, batches):
        for x, y in batches:
            self.optimizer.zero_grad()
            nn.functional.mse_loss(self.model(x), y).backward()
            self.optimizer.step()


torch.manual_seed(0)
batches = [(torch.randn(4, 4), torch.randn(4, 1)) for _ in range(2)]
trainer = Trainer(8)
trainer.reset()
trainer.fit(batches)
