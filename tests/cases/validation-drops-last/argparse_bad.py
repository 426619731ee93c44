"""A script with argparse and a model class."""
import argparse

import torch
import torch.nn as nn
import torch.optim as optim
import torch.utils.data as data

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
    train_loader = data.DataLoader(data.TensorDataset(torch.randn(8, 3)), batch_size=4, shuffle=True)
    held_out = data.DataLoader(data.TensorDataset(torch.randn(6, 3)), batch_size=4, drop_last=True)  # expect: validation-drops-last
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
