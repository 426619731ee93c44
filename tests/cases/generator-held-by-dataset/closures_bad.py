"""Closures over what they train, loaders in a dict."""
import torch
from torch import nn
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


def build():
    torch.manual_seed(0)
    loaders = {
        "train": DataLoader(Noisy(), batch_size=4, shuffle=True, num_workers=2),
        "val": DataLoader(TensorDataset(torch.randn(6, 3)), batch_size=4),
    }
    net = nn.Linear(3, 2)
    sgd = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    decay = torch.optim.lr_scheduler.ExponentialLR(sgd, 0.9)

    def measure(x):
        return nn.functional.mse_loss(net(x), x[:, :2])

    def fit(epoch):
        for (x,) in loaders["train"]:
            sgd.zero_grad()
            loss = measure(x)
            loss.backward()
            sgd.step()
        decay.step()

    def score():
        total = 0.0
        held_out = loaders["val"]
        with torch.no_grad():
            for (x,) in held_out:
                value = measure(x)
                total += value.item() * len(x)
        return total / len(held_out.dataset)

    def checkpoint(epoch):
        return epoch

    return fit, score, checkpoint


def main():
    fit, score, checkpoint = build()
    for epoch in range(2):
        fit(epoch)
        print(score())
        checkpoint(epoch)


if __name__ == "__main__":
    main()
