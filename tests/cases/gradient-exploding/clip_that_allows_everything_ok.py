"""Sequences through a recurrent network; the clip's bound comes from a dataclass."""

from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class Config:
    clip: float = 0.5
    lr: float = 0.05


class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(2, 8, nonlinearity="relu", batch_first=True)
        self.out = nn.Linear(8, 1)

    def forward(self, x):
        return self.out(self.rnn(x)[0][:, -1])


config = Config()
torch.manual_seed(0)
model = Counter()
optimizer = torch.optim.SGD(model.parameters(), lr=config.lr)
for step in range(60):
    x = torch.rand(8, 6, 2) * (12 if step == 30 else 1)
    y = x.sum((1, 2)).unsqueeze(1) / 10
    loss = nn.functional.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), config.clip)
    optimizer.step()
