"""A dataset with noise, read by workers, behind a main guard."""
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Noisy(Dataset):
    def __init__(self, data, sigma=0.1):
        self.data, self.sigma = data, sigma
        self.rng = np.random.default_rng(0)  # expect: generator-held-by-dataset

    def __len__(self):
        return len(self.data)

    def __getitem__(self, i):
        x, y = self.data[i]
        noise = self.rng.normal(0, self.sigma, size=x.shape)
        return x + torch.as_tensor(noise, dtype=torch.float32), y


def main():
    torch.manual_seed(0)
    pairs = [(torch.randn(3), torch.randn(1)) for _ in range(8)]
    loader = DataLoader(Noisy(pairs), batch_size=4, shuffle=True, num_workers=2)
    model = nn.Linear(3, 1)
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(2):
        for x, y in loader:
            opt.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            opt.step()


if __name__ == "__main__":
    main()
