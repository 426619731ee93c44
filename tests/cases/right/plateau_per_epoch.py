"""ReduceLROnPlateau fed with the validation loss once an epoch."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.1), nn.Linear(4, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
train_set = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]
valid_set = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]

for epoch in range(2):
    model.train()
    for x, y in train_set:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
    model.eval()
    valid = 0.0
    with torch.no_grad():
        for x, y in valid_set:
            valid += nn.functional.mse_loss(model(x), y).item()
    plateau.step(valid)
    print(epoch, valid, optimizer.param_groups[0]["lr"])
