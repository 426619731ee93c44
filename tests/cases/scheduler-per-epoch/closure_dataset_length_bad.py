"""A closure trains an epoch; the steps are counted from the data set and the batch size."""
import math
from types import SimpleNamespace

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

cfg = SimpleNamespace(epochs=2, batch=4, lr=0.05)


def build():
    data = TensorDataset(torch.randn(8, 4), torch.randint(3, (8,)))
    steps = math.ceil(len(data) / cfg.batch) * cfg.epochs
    model = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=cfg.lr, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    loader = DataLoader(data, cfg.batch, shuffle=True)

    def epoch():
        for x, y in loader:
            loss = nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        scheduler.step()  # expect: scheduler-per-epoch
        return loss.item()

    return epoch


torch.manual_seed(0)
run_epoch = build()
for _ in range(cfg.epochs):
    print(run_epoch())
