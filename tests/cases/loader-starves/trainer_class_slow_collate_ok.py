"""A Trainer class; the batch is put together by a function."""
import time

import torch
from torch import nn
from torch.utils.data import DataLoader


class Trainer:
    def __init__(self, net, rows, collate):
        self.net = net
        self.optim = torch.optim.Adam(net.parameters(), lr=1e-2)
        self.loader = DataLoader(rows, batch_size=8, shuffle=True, collate_fn=collate)

    def fit(self, epochs):
        for _ in range(epochs):
            for x in self.loader:
                loss = nn.functional.l1_loss(self.net(x), x.mean(1, keepdim=True))
                self.optim.zero_grad()
                loss.backward()
                self.optim.step()


def tokenize(rows):
    time.sleep(0.02 * len(rows))
    return torch.stack(rows)


torch.manual_seed(0)
rows = list(torch.randn(40, 3))
tokenize(rows)
Trainer(nn.Linear(3, 1), rows, torch.stack).fit(2)
