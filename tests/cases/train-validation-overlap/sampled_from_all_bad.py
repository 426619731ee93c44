"""A table of tuples; some rows are drawn for the validation."""
import random

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Rows(Dataset):
    def __init__(self, rows):
        self.rows = [list(row) for row in rows]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        *features, target = self.rows[index]
        return torch.tensor(features), torch.tensor([target])


random.seed(0)
torch.manual_seed(0)
table = [(random.gauss(0, 1), random.gauss(0, 1), random.random()) for _ in range(60)]
drawn = random.sample(table, 20)
train = DataLoader(Rows(table), batch_size=20, shuffle=True)
val = DataLoader(Rows(drawn), batch_size=10)  # expect: train-validation-overlap
net = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1))
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(2):
    for x, y in train:
        opt.zero_grad()
        nn.functional.l1_loss(net(x), y).backward()
        opt.step()
    with torch.no_grad():
        print(sum(nn.functional.l1_loss(net(x), y, reduction="sum").item() for x, y in val) / 20)
