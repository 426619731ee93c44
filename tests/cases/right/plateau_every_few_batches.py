"""A plateau is asked every few batches, after an evaluation that another file holds where it is not known."""
import importlib

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.randn(16, 4), torch.randint(0, 2, (16,)))
model = nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, "max", patience=25)
evaluate = importlib.import_module("statistics").mean
for epoch in range(2):
    for step, (x, y) in enumerate(DataLoader(data, batch_size=4, shuffle=True)):
        if step % 2 == 1:
            accuracy = evaluate([0.5, epoch])
            scheduler.step(accuracy)
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
