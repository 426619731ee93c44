"""Encoder and head are two models with one optimizer; the head is a class that wraps another."""
import itertools

import torch
from torch import nn


class Head(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.score = nn.Linear(width, 1)
        self.squash = nn.Sigmoid()

    def forward(self, h):
        return self.squash(self.score(h))

    def logits(self, h):
        return self.score(h)


class Wrapped(nn.Module):
    def __init__(self, head):
        super().__init__()
        self.head = head

    def forward(self, h):
        return self.head.logits(h).flatten()


torch.manual_seed(0)
encoder, head = nn.Linear(4, 6), Wrapped(Head(6))
opt = torch.optim.Adam(itertools.chain(encoder.parameters(), head.parameters()), lr=1e-2)
criterion = nn.BCEWithLogitsLoss()
for epoch in range(2):
    for _ in range(2):
        x, y = torch.randn(4, 4), torch.rand(4).round()
        out = head(torch.relu(encoder(x)))
        loss = criterion(out, y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item())
