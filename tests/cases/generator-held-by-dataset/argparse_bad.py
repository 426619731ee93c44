"""A script with argparse and a model class."""
import argparse

import torch
import torch.nn as nn
import torch.optim as optim
import torch.utils.data as data
import random

class Noisy(torch.utils.data.Dataset):
    def __init__(self):
        self.rows = torch.randn(8, 3)
        self.rng = random.Random(3)  # expect: generator-held-by-dataset

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return (self.rows[index] + self.rng.gauss(0.0, 1.0),)


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.first, self.last = nn.Linear(3, width), nn.Linear(width, 1)

    def forward(self, x):
        return self.last(torch.relu(self.first(x)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--width", type=int, default=8)
    args = parser.parse_args([])
    torch.manual_seed(0)
    train_loader = data.DataLoader(Noisy(), batch_size=4, shuffle=True, num_workers=2)
    held_out = data.DataLoader(data.TensorDataset(torch.randn(6, 3)), batch_size=4)
    model = Net(args.width)
    optimizer = optim.Adam(model.parameters())
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.epochs)
    for epoch in range(args.epochs):
        for batch in train_loader:
            x = batch[0]
            loss = nn.functional.l1_loss(model(x), x.sum(1, keepdim=True))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        scheduler.step()
        total = 0
        with torch.no_grad():
            for batch in held_out:
                x = batch[0]
                value = nn.functional.l1_loss(model(x), x.sum(1, keepdim=True))
                total = total + value.item() * len(x)
        print("loss", total / len(held_out.dataset))


if __name__ == "__main__":
    main()
