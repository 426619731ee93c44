"""The step takes a while; three processes may fetch meanwhile."""
import time

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Slow(Dataset):
    def __init__(self, rows):
        self.rows = rows

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        time.sleep(0.04)
        return self.rows[index]


def main():
    torch.manual_seed(0)
    loader = DataLoader(Slow(torch.randn(32, 3)), batch_size=4, shuffle=True, num_workers=3)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(2):
        for x in loader:
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
            time.sleep(0.06)  # stands for a large model
            loss.backward()
            optimizer.step()


if __name__ == "__main__":
    main()
