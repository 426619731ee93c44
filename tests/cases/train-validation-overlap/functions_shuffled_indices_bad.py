"""Functions for training and validation; indices in an array."""
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Rows(Dataset):
    def __init__(self, table, indices):
        self.table = table[indices]

    def __len__(self):
        return len(self.table)

    def __getitem__(self, index):
        row = torch.from_numpy(self.table[index])
        return {"x": row[:-1], "y": row[-1:]}


def train_epoch(net, batches, opt):
    net.train()
    for batch in batches:
        opt.zero_grad()
        F.smooth_l1_loss(net(batch["x"]), batch["y"]).backward()
        opt.step()


@torch.no_grad()
def evaluate(net, batches):
    net.eval()
    total = 0.0
    for batch in batches:
        total += F.smooth_l1_loss(net(batch["x"]), batch["y"], reduction="sum").item()
    return total / len(batches.dataset)


def main():
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    table = rng.normal(size=(48, 5)).astype(np.float32)
    order = rng.permutation(len(table))
    batches = DataLoader(Rows(table, order[:32]), batch_size=8, shuffle=True)
    held_out = DataLoader(Rows(table, rng.permutation(len(table))[32:]), batch_size=8)  # expect: train-validation-overlap
    net = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.1), nn.Linear(8, 1))
    opt = torch.optim.AdamW(net.parameters(), lr=1e-2)
    for epoch in range(2):
        train_epoch(net, batches, opt)
        print(epoch, evaluate(net, held_out))


if __name__ == "__main__":
    main()
