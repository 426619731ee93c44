"""A random split, then one loader for each part."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split


def loaders(batch_size):
    full = TensorDataset(torch.randn(16, 4), torch.randint(2, (16,)))
    train_part, test_part = random_split(full, [8, 8], generator=torch.Generator().manual_seed(0))
    train_loader = DataLoader(train_part, batch_size=batch_size)  # expect: train-data-not-shuffled
    test_loader = DataLoader(test_part, batch_size=batch_size)
    return train_loader, test_loader


def main():
    torch.manual_seed(0)
    train_loader, test_loader = loaders(4)
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
    optimizer = torch.optim.Adam(model.parameters())
    for epoch in range(2):
        model.train()
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            hits = sum((model(x).argmax(1) == y).sum().item() for x, y in test_loader)
        print(epoch, hits / 8)


main()
