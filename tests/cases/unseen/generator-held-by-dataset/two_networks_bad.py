"""Two networks and two optimizers, trained in turn."""
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset
import numpy as np

class Noisy(torch.utils.data.Dataset):
    def __init__(self):
        self.rows = torch.randn(8, 3)
        self.rng = np.random.default_rng(0)  # expect: generator-held-by-dataset

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return (self.rows[index] + self.rng.normal(),)


def main():
    torch.manual_seed(0)
    points = DataLoader(Noisy(), batch_size=4, shuffle=True, num_workers=2)
    held_out = DataLoader(TensorDataset(torch.randn(6, 3)), batch_size=4)
    coder, decoder = nn.Linear(3, 2), nn.Linear(2, 3)
    first, second = optim.Adam(coder.parameters()), optim.Adam(decoder.parameters())
    plan = optim.lr_scheduler.ExponentialLR(first, 0.9)
    mse = nn.MSELoss()
    for epoch in range(2):
        for (x,) in points:
            first.zero_grad()
            second.zero_grad()
            loss = mse(decoder(coder(x)), x)
            loss.backward()
            first.step()
            second.step()
        plan.step()
        with torch.no_grad():
            total = 0.0
            for (x,) in held_out:
                value = mse(decoder(coder(x)), x)
                total += value.item() * len(x)
        print(f"{total / len(held_out.dataset)}")


if __name__ == "__main__":
    main()
