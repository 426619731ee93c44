"""A trainer class that reports what fails and trains on."""
import torch
from torch import nn


class Trainer:
    def __init__(self):
        self.model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)
        self.grad_scaler = torch.amp.GradScaler("cpu", enabled=True)
        self.failed = 0

    def step(self, loss):
        self.optimizer.zero_grad()
        self.grad_scaler.scale(loss).backward()
        try:
            self.grad_scaler.step(self.optimizer)  # expect: scaler-update-missing
        except Exception:
            self.failed += 1

    def train(self, data):
        for x, y in data:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = nn.functional.mse_loss(self.model(x), y)
            self.step(loss)


torch.manual_seed(0)
trainer = Trainer()
for epoch in range(2):
    trainer.train([(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)])
    print(epoch, trainer.failed)
