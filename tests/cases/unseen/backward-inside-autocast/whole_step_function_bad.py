"""One function makes the whole step; a closure holds the context."""
import torch
from torch import nn


def make_step(model, optimizer, criterion):
    def step(x, y):
        optimizer.zero_grad()
        with torch.autocast(device_type="cpu", dtype=torch.bfloat16):
            loss = criterion(model(x), y)
            loss.backward()  # expect: backward-inside-autocast
        optimizer.step()
        return loss.item()

    return step


torch.manual_seed(0)
model = nn.Linear(4, 3)
step = make_step(model, torch.optim.SGD(model.parameters(), lr=0.1), nn.CrossEntropyLoss())
for _ in range(2):
    print(step(torch.randn(4, 4), torch.randint(3, (4,))))
