"""Literal numbers everywhere, three functions, no shared constants."""
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset


def get_data():
    return DataLoader(TensorDataset(torch.randn(8, 2), torch.randn(8, 1)), batch_size=4, shuffle=True)


def train_one_epoch(model, loader, optimizer, scheduler):
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        scheduler.step()  # expect: scheduler-per-batch
    return loss.item()


def main():
    torch.manual_seed(0)
    loader, model = get_data(), nn.Linear(2, 1)
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=2)
    for epoch in range(2):
        print(epoch, train_one_epoch(model, loader, optimizer, scheduler))


main()
