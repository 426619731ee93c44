"""Function style; config in a dataclass, clearing and stepping in one function."""
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


@dataclass
class Config:
    epochs: int = 2
    batch_size: int = 4
    lr: float = 0.05
    hidden: int = 8


def build(cfg):
    model = nn.Sequential(nn.Linear(3, cfg.hidden), nn.Tanh(), nn.Linear(cfg.hidden, 1))
    return model, torch.optim.SGD(model.parameters(), lr=cfg.lr)


def train(cfg, model, optimizer, loader):
    for epoch in range(cfg.epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch + 1}/{cfg.epochs} loss {loss.item():.4f}")


if __name__ == "__main__":
    cfg = Config()
    torch.manual_seed(0)
    model, optimizer = build(cfg)
    dataset = TensorDataset(torch.randn(8, 3), torch.randn(8, 1))
    train(cfg, model, optimizer, DataLoader(dataset, cfg.batch_size, shuffle=True))
