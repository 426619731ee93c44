"""A main function, argparse for the workers."""
import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=1)
    args = parser.parse_args()
    torch.manual_seed(0)
    data = TensorDataset(torch.randn(8, 3), torch.randint(2, (8,)))
    loader = DataLoader(data, batch_size=4, shuffle=True, num_workers=2)
    model = nn.Linear(3, 2)
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(args.epochs):
        for x, y in loader:  # expect: workers-without-main-guard
            opt.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            opt.step()


main()
