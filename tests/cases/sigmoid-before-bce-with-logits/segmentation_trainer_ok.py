"""Segmentation in a Trainer class with mixed precision; the mask is thresholded for a score."""
import torch
from torch import nn


class Masks(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Conv2d(1, 4, 3, padding=1)
        self.dec = nn.Conv2d(4, 1, 3, padding=1)

    def forward(self, x):
        return self.dec(torch.relu(self.enc(x)))


class Trainer:
    def __init__(self):
        self.model = Masks()
        self.opt = torch.optim.AdamW(self.model.parameters(), lr=1e-3)
        self.criterion = nn.BCEWithLogitsLoss()
        self.scaler = torch.amp.GradScaler("cpu")

    def step(self, image, mask):
        self.opt.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = self.model(image)
            probability = logits.sigmoid()
            loss = self.criterion(logits, mask)
        self.scaler.scale(loss).backward()
        self.scaler.step(self.opt)
        self.scaler.update()
        return ((probability > 0.5) == (mask > 0.5)).float().mean().item()


torch.manual_seed(0)
trainer = Trainer()
for epoch in range(2):
    for _ in range(2):
        score = trainer.step(torch.randn(2, 1, 6, 6), torch.rand(2, 1, 6, 6).round())
    print(epoch, score)
