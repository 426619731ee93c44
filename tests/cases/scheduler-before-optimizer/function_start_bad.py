"""train_epoch moves the schedule itself, at one end of the epoch."""
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset


def train_epoch(model, loader, optimizer, scheduler):
    scheduler.step()  # expect: scheduler-before-optimizer
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    return loss.item()


def main():
    torch.manual_seed(0)
    epochs = 2
    loader = DataLoader(TensorDataset(torch.randn(8, 3), torch.randint(0, 2, (8,))), batch_size=4, shuffle=True)
    model = nn.Linear(3, 2)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
    for epoch in range(epochs):
        print(epoch, train_epoch(model, loader, optimizer, scheduler))


if __name__ == "__main__":
    main()
