"""Trainer class that owns a scaler."""
import torch
from torch import nn


class AmpTrainer:
    def __init__(self, model, max_norm):
        self.model, self.max_norm = model, max_norm
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
        self.scaler = torch.amp.GradScaler("cpu", enabled=True)

    def clip(self):
        self.scaler.unscale_(self.optimizer)
        return nn.utils.clip_grad_norm_(self.model.parameters(), self.max_norm)

    def training_step(self, x, y):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = nn.functional.cross_entropy(self.model(x), y)
        self.optimizer.zero_grad()
        self.scaler.scale(loss).backward()
        norm = self.clip()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return loss.item(), norm.item()


torch.manual_seed(0)
trainer = AmpTrainer(nn.Linear(3, 4), max_norm=1.0)
for epoch in range(2):
    for _ in range(2):
        print(epoch, trainer.training_step(torch.randn(4, 3), torch.randint(0, 4, (4,))))
