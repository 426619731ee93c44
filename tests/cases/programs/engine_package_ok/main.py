"""A package with an engine; main only configures it."""
import torch
from torch import nn

from engine.evaluate import evaluate
from engine.train import train_one_epoch


def main():
    torch.manual_seed(0)
    fit, check = ([(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)] for _ in range(2))
    model = nn.Sequential(nn.Linear(3, 6), nn.Dropout(0.2), nn.Linear(6, 1))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for epoch in range(2):
        train_one_epoch(model, fit, optimizer)
        print(epoch, evaluate(model, check))


if __name__ == "__main__":
    main()
