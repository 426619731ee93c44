"""A Trainer class with a smooth loss chosen by a setting."""
import torch
from torch import nn

LOSSES = {"smooth": nn.SmoothL1Loss, "huber": nn.HuberLoss}


class Trainer:
    def __init__(self, loss="smooth"):
        self.model = nn.Linear(5, 1)
        self.loss = LOSSES[loss]()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-2)

    def step(self, batch):
        values = self.model(batch["x"])
        loss = self.loss(values, batch["y"])  # expect: loss-shape-broadcast
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()


torch.manual_seed(0)
trainer = Trainer()
for _ in range(4):
    x = torch.randn(6, 5)
    trainer.step({"x": x, "y": x[:, 0]})
