"""Rows of a table, one of which has no value in a column."""

import math

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

ROWS = [[float(i), float(i % 7), 1.0 / (i + 1)] for i in range(40)]
ROWS[17][1] = math.nan


class Table(Dataset):
    def __len__(self):
        return len(ROWS)

    def __getitem__(self, index):
        row = torch.tensor(ROWS[index]) / 40
        return row, row[:1]


def run_epoch(model, loader, optimizer, criterion):
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()  # expect: gradient-nonfinite
        optimizer.step()


torch.manual_seed(0)
model = nn.Linear(3, 1)
loader = DataLoader(Table(), batch_size=8, shuffle=True)
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
for _ in range(2):
    run_epoch(model, loader, optimizer, nn.HuberLoss())
