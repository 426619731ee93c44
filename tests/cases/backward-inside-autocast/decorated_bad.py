"""The step of a trainer class under a decorator."""
import torch
from torch import nn


class Trainer:
    def __init__(self):
        self.net = nn.Linear(4, 2)
        self.opt = torch.optim.AdamW(self.net.parameters(), lr=1e-2)

    @torch.autocast("cpu", dtype=torch.bfloat16)
    def loss(self, x, y):
        loss = nn.functional.cross_entropy(self.net(x), y)
        loss.backward()  # expect: backward-inside-autocast
        return loss

    def fit(self, batches):
        for x, y in batches:
            self.opt.zero_grad()
            loss = self.loss(x, y)
            self.opt.step()
            print(loss.item())


torch.manual_seed(0)
Trainer().fit([(torch.randn(4, 4), torch.randint(0, 2, (4,))) for _ in range(2)])
