"""Both loaders get the same keyword arguments."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
train_set = TensorDataset(torch.randn(10, 3), torch.randint(2, (10,)))
val_set = TensorDataset(torch.randn(10, 3), torch.randint(2, (10,)))
common = dict(batch_size=4, drop_last=True)
train_loader = DataLoader(train_set, shuffle=True, **common)
val_loader = DataLoader(val_set, **common)  # expect: validation-drops-last
model = nn.Linear(3, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    model.eval()
    hits = count = 0
    with torch.inference_mode():
        for x, y in val_loader:
            hits += (model(x).argmax(1) == y).sum().item()
            count += len(y)
    print(epoch, hits / count)
