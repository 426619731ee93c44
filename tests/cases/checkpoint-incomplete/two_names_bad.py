"""Paths put together by a function: one is written, another read where there is one to start from."""
import os
import sys
import tempfile

import torch
from torch import nn


def path(root, name):
    return os.path.join(root, "{}.pt".format(str(name)))


def main(root, begin):
    torch.manual_seed(0)
    model = nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    if begin:
        model.load_state_dict(torch.load(path(root, "model")))
    for epoch in range(2):
        x = torch.randn(3, 4)
        loss = (model(x) - x[:, :2]).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        torch.save(model.state_dict(), path(root, "model"))  # expect: checkpoint-incomplete


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(folder, len(sys.argv) > 5)
