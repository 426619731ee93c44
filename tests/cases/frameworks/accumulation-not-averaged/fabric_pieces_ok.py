"""A class that Fabric serves: it gathers over several pieces of a batch."""
import torch
from lightning.fabric import Fabric
from torch import nn


class Gathers:
    def __init__(self, pieces):
        self.fabric = Fabric(accelerator="cpu", devices=1)
        self.pieces = pieces
        model = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 1))
        self.model, self.optimizer = self.fabric.setup(model, torch.optim.Adam(model.parameters(), lr=1e-2))

    def batch(self, x):
        self.optimizer.zero_grad()
        for piece in x.split(len(x) // self.pieces):
            loss = nn.functional.l1_loss(self.model(piece), piece.sum(1, keepdim=True))
            self.fabric.backward(loss / self.pieces)
        self.optimizer.step()


torch.manual_seed(0)
work = Gathers(2)
for _ in range(2):
    work.batch(torch.randn(12, 4))
