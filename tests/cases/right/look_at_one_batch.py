"""Flat script, a picture of one batch at the end."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.randn(8, 3), torch.randint(0, 2, (8,)))
train_loader, test_loader = DataLoader(data, batch_size=4, shuffle=True), DataLoader(data, batch_size=4)
model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.1), nn.Linear(4, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    model.train()
    for features, targets in train_loader:
        loss = nn.functional.cross_entropy(model(features), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
for batch_idx, (features, targets) in enumerate(test_loader):
    break
model.eval()
scores = model(features[0, None])
print("class 1: %.2f" % scores[0, 1].item())
