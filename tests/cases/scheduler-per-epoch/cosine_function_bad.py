"""A cosine over all steps, in functions."""
import torch
from torch import nn, optim
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader, TensorDataset


def train_one_epoch(model, loader, optimizer):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()


def main(epochs=2):
    torch.manual_seed(0)
    loader = DataLoader(TensorDataset(torch.randn(8, 4), torch.randn(8, 1)), batch_size=4, shuffle=True)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)
    total = epochs * len(loader)
    scheduler = CosineAnnealingLR(optimizer, T_max=total)
    for _ in range(epochs):
        train_one_epoch(model, loader, optimizer)
        scheduler.step()  # expect: scheduler-per-epoch


if __name__ == "__main__":
    main()
