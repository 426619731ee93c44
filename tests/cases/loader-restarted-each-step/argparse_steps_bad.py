"""A script with argparse, counted in steps."""
import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--batch", type=int, default=4)
    args = parser.parse_args([])
    torch.manual_seed(0)
    loader = DataLoader(TensorDataset(torch.randn(16, 3)), batch_size=args.batch, shuffle=True)
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    optim = torch.optim.Adam(net.parameters())
    it = iter(loader)
    for step in range(args.steps):
        batch = next(iter(loader))  # expect: loader-restarted-each-step
        loss = nn.functional.l1_loss(net(batch[0]), batch[0].sum(1, keepdim=True))
        optim.zero_grad()
        loss.backward()
        optim.step()


if __name__ == "__main__":
    main()
