"""A train and an evaluate function; the model is a class with dropout."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(p=0.3))
        self.head = nn.Linear(16, 1)

    def forward(self, x):
        return self.head(self.layers(x))


def train_epoch(model, loader, optimizer, criterion):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()


@torch.no_grad()
def evaluate(model, loader, criterion):
    model.eval()
    total, count = 0.0, 0
    for x, y in loader:
        total += criterion(model(x), y).item() * len(x)
        count += len(x)
    return total / count


def main():
    torch.manual_seed(0)
    train_loader = DataLoader(TensorDataset(torch.randn(8, 4), torch.randn(8, 1)), batch_size=4, shuffle=True)
    val_loader = DataLoader(TensorDataset(torch.randn(8, 4), torch.randn(8, 1)), batch_size=4)
    model, criterion = Net(), nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters())
    for epoch in range(2):
        train_epoch(model, train_loader, optimizer, criterion)
        print(epoch, evaluate(model, val_loader, criterion))


if __name__ == "__main__":
    main()
