"""train_one_epoch(model, loader, optimizer) called from main."""
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset


def train_one_epoch(model, loader, optimizer, criterion):
    model.train()
    total = 0.0
    for features, labels in loader:
        loss = criterion(model(features), labels)
        loss.backward()
        optimizer.zero_grad()  # expect: zero-grad-between-backward-and-step
        optimizer.step()
        total += loss.item()
    return total / len(loader)


def main():
    torch.manual_seed(0)
    ds = TensorDataset(torch.randn(8, 6), torch.randint(0, 2, (8,)))
    loader = DataLoader(ds, batch_size=4, shuffle=True)
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 2))
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(2):
        mean = train_one_epoch(model, loader, optimizer, criterion)
        print(f"epoch={epoch} loss={mean:.4f}")


if __name__ == "__main__":
    main()
