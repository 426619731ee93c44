"""A stream that reads and parses."""
import time

import torch
from torch import nn
from torch.utils.data import DataLoader, IterableDataset


class Stream(IterableDataset):
    def __init__(self, lines, wait):
        self.lines, self.wait = lines, wait

    def __iter__(self):
        for line in self.lines:
            time.sleep(self.wait)
            yield torch.tensor([float(word) for word in line.split()])


def main():
    torch.manual_seed(0)
    lines = [" ".join(f"{v:.3f}" for v in torch.rand(4).tolist()) for _ in range(40)]
    loader = DataLoader(Stream(lines, 0.02), batch_size=8)  # expect: loader-starves
    model = nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(2):
        for x in loader:
            optimizer.zero_grad()
            nn.functional.smooth_l1_loss(model(x), x.sum(1, keepdim=True)).backward()
            optimizer.step()


if __name__ == "__main__":
    main()
