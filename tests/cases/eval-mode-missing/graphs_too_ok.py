"""One function for both phases; what differs is decided by whether it got an optimizer."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def run(model, loader, criterion, optimizer=None):
    model.train(optimizer is not None)
    total = 0.0
    with torch.set_grad_enabled(optimizer is not None):
        for x, y in loader:
            loss = criterion(model(x), y)
            if optimizer is not None:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            total += loss.item() * len(x)
    return total / len(loader.dataset)


torch.manual_seed(0)
train_loader = DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), batch_size=4, shuffle=True)
val_loader = DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), batch_size=4)
model = nn.Sequential(nn.Linear(3, 6), nn.GELU(), nn.Dropout(), nn.Linear(6, 1))
optimizer = torch.optim.AdamW(model.parameters())
for epoch in range(2):
    print(run(model, train_loader, nn.MSELoss(), optimizer), run(model, val_loader, nn.MSELoss()))
