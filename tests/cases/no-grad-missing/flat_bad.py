"""Flat script: training, then a validation pass in the same epoch."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
train_loader = DataLoader(TensorDataset(torch.randn(8, 4), torch.randn(8, 1)), batch_size=4, shuffle=True)
val_loader = DataLoader(TensorDataset(torch.randn(8, 4), torch.randn(8, 1)), batch_size=4)
model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.1), nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
mse = nn.MSELoss()

for epoch in range(2):
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        mse(model(x), y).backward()
        optimizer.step()

    model.eval()
    val_loss = 0.0
    for x, y in val_loader:
        prediction = model(x)  # expect: no-grad-missing
        val_loss += mse(prediction, y).item()
    print(epoch, val_loss / len(val_loader))
