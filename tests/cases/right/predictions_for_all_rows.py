"""Trained on one part, validated on the other; at the end all rows get a prediction."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(0)
x = torch.randn(40, 3)
data = TensorDataset(x, x.sum(1, keepdim=True))
train, held_out = random_split(data, [24, 16])
loader = DataLoader(train, batch_size=12, shuffle=True)
validation = DataLoader(held_out, batch_size=8)
everything = DataLoader(data, batch_size=20)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for a, b in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(a), b).backward()
        optimizer.step()
    with torch.no_grad():
        print(sum(nn.functional.mse_loss(model(a), b, reduction="sum").item() for a, b in validation) / 16)
with torch.no_grad():
    predictions = torch.cat([model(a) for a, _ in everything])
print(predictions.mean().item())
