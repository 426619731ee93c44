"""A trainer is handed a model and an optimizer, and keeps a model for itself."""
import torch
from torch import nn


class Fitter:
    def __init__(self, network, optimizer):
        self.network = network
        self.optimizer = optimizer

    def run(self, steps):
        for _ in range(steps):
            x = torch.randn(8, 4)
            self.optimizer.zero_grad()
            loss = nn.functional.smooth_l1_loss(self.network(x), x.sum(1, keepdim=True))
            self.network.zero_grad()
            loss.backward()
            self.optimizer.step()
        return loss.item()


torch.manual_seed(0)
network = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
fitter = Fitter(network, torch.optim.SGD(network.parameters(), lr=0.05))
print(fitter.run(6))
