"""Blocks within a model: the list is in the inner class; a Trainer class trains it."""
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width, branches):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.branches = [nn.Conv1d(width, width, 1) for _ in range(branches)]  # expect: modules-in-plain-list

    def forward(self, x):
        x = self.norm(x).transpose(1, 2)
        total = 0
        for branch in self.branches:
            total = total + branch(x)
        return total.transpose(1, 2)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(Block(4, 2), Block(4, 2))
        self.head = nn.Linear(4, 1)

    def forward(self, x):
        return self.head(self.blocks(x)).mean(1)


class Trainer:
    def __init__(self, model):
        self.model = model
        self.opt = torch.optim.AdamW(model.parameters(), lr=1e-3)

    def step(self, x, y):
        loss = nn.functional.mse_loss(self.model(x), y)
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        return loss.item()


torch.manual_seed(0)
trainer = Trainer(Net())
for epoch in range(2):
    print([trainer.step(torch.randn(2, 5, 4), torch.randn(2, 1)) for _ in range(2)])
