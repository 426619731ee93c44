"""ReduceLROnPlateau fed with a loss, flat script, validation each epoch."""
import torch
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 6), nn.Dropout(0.1), nn.Linear(6, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
scheduler = ReduceLROnPlateau(optimizer, mode="min", patience=1)
train_set = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]
valid_set = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]

for epoch in range(2):
    model.train()
    epoch_loss = 0.0
    for x, y in train_set:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item()
    scheduler.step(epoch_loss)
    model.eval()
    with torch.no_grad():
        valid = sum(nn.functional.mse_loss(model(x), y).item() for x, y in valid_set)
    print(epoch, epoch_loss, valid, optimizer.param_groups[0]["lr"])
