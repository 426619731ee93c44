"""A flat script that splits at random."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(0)
rows = torch.randn(40, 3)
data = TensorDataset(rows, rows.sum(1, keepdim=True))
train, _ = random_split(data, [30, 10], generator=torch.Generator().manual_seed(1))
_, held_out = random_split(data, [30, 10], generator=torch.Generator().manual_seed(2))
loader = DataLoader(train, batch_size=10, shuffle=True)
validation = DataLoader(held_out, batch_size=10)  # expect: train-validation-overlap
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
    total = 0.0
    with torch.no_grad():
        for x, y in validation:
            total += nn.functional.mse_loss(model(x), y, reduction="sum").item()
    print(epoch, total / len(held_out))
