"""A Trainer that has a method for the next batch."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Trainer:
    def __init__(self):
        self.loader = DataLoader(TensorDataset(torch.randn(12, 3)), batch_size=4, shuffle=True)
        self.batches = iter(self.loader)
        self.net = nn.Linear(3, 1)
        self.opt = torch.optim.AdamW(self.net.parameters())

    def get_batch(self):
        (x,) = next(iter(self.loader))  # expect: loader-restarted-each-step
        return x

    def run(self, steps):
        for _ in range(steps):
            x = self.get_batch()
            self.opt.zero_grad()
            nn.functional.mse_loss(self.net(x), x[:, :1]).backward()
            self.opt.step()


torch.manual_seed(0)
Trainer().run(3)
