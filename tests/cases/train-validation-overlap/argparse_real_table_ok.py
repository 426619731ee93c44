"""A script with argparse over a table of scikit-learn."""
import argparse

import torch
import torch.nn as nn
from sklearn.datasets import load_wine
from sklearn.preprocessing import scale
from torch.utils.data import DataLoader, TensorDataset


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--held-out", type=int, default=48)
    args = parser.parse_args([])
    torch.manual_seed(0)
    wine = load_wine()
    order = torch.randperm(len(wine.target))
    x = torch.tensor(scale(wine.data), dtype=torch.float32)[order]
    y = torch.tensor(wine.target)[order]
    x_val, y_val = x[-args.held_out :], y[-args.held_out :]
    train_loader = DataLoader(TensorDataset(x[: -args.held_out], y[: -args.held_out]), batch_size=26, shuffle=True)
    val_loader = DataLoader(TensorDataset(x_val, y_val), batch_size=48)
    model = nn.Sequential(nn.Linear(13, 8), nn.Tanh(), nn.Linear(8, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    best = float("inf")
    for epoch in range(args.epochs):
        for features, target in train_loader:
            loss = nn.functional.cross_entropy(model(features), target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            total = 0.0
            for features, target in val_loader:
                total += nn.functional.cross_entropy(model(features), target, reduction="sum").item()
        best = min(best, total / len(y_val))
    print(best)


if __name__ == "__main__":
    main()
