"""train() and validate() with meters, best accuracy and a schedule, mode set in main."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def train(loader, model, criterion, optimizer):
    seen = total = 0
    for x, y in loader:
        output = model(x)  # expect: train-mode-missing
        loss = criterion(output, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        seen += len(x)
    return total / seen


def validate(loader, model):
    model.eval()
    hits = seen = 0
    with torch.no_grad():
        for x, y in loader:
            hits += (model(x).argmax(1) == y).sum().item()
            seen += len(y)
    return 100.0 * hits / seen


def main(epochs=2):
    torch.manual_seed(0)
    train_loader = DataLoader(TensorDataset(torch.rand(8, 1, 4, 4), torch.randint(0, 2, (8,))), 4, shuffle=True)
    val_loader = DataLoader(TensorDataset(torch.rand(8, 1, 4, 4), torch.randint(0, 2, (8,))), 4)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(16, 2))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=30)
    print("before training", validate(val_loader, model))
    model.train()
    best = 0.0
    for epoch in range(epochs):
        loss = train(train_loader, model, criterion, optimizer)
        scheduler.step()
        best = max(best, validate(val_loader, model))
        print(epoch, loss, best)


if __name__ == "__main__":
    main()
