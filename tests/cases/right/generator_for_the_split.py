"""A generator object that only __init__ draws from."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Half(Dataset):
    def __init__(self, rows, seed):
        self.rng = np.random.default_rng(seed)
        self.rows = rows[torch.from_numpy(self.rng.permutation(len(rows))[: len(rows) // 2])]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.rows[index] + 0.1 * torch.randn(3)


def main():
    torch.manual_seed(0)
    loader = DataLoader(Half(torch.randn(16, 3), 0), batch_size=4, shuffle=True, num_workers=1)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(2):
        for x in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
            optimizer.step()


if __name__ == "__main__":
    main()
