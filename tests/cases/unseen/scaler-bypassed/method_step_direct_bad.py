"""A Trainer class whose update is a method of its own."""
import torch
from torch import nn


class AmpTrainer:
    def __init__(self, model):
        self.model = model
        self.optim = torch.optim.SGD(model.parameters(), lr=0.01)
        self.scaler = torch.amp.GradScaler("cpu")
        self.criterion = nn.CrossEntropyLoss()

    def update(self):
        self.scaler.unscale_(self.optim)
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optim.step()  # expect: scaler-bypassed
        self.scaler.update()

    def run(self, batches):
        for x, y in batches:
            self.optim.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = self.criterion(self.model(x), y)
            self.scaler.scale(loss).backward()
            self.update()


torch.manual_seed(1)
batches = [(torch.randn(4, 6), torch.randint(2, (4,))) for _ in range(2)]
AmpTrainer(nn.Linear(6, 2)).run(batches)
