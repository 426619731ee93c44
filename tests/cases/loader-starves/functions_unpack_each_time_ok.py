"""Functions; compressed samples that are unpacked."""
import zlib

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset

SIDE = 2000


def packed(value):
    return zlib.compress(np.full((SIDE, SIDE), value, np.float32).tobytes(), 1)


def unpacked(data):
    picture = np.frombuffer(zlib.decompress(data), np.float32).reshape(SIDE, SIDE)
    return torch.from_numpy(picture[::800, ::800].copy()).flatten()


class Pictures(Dataset):
    def __init__(self, files):
        self.files = files

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        return unpacked(self.files[index])


class Unpacked(Pictures):
    def __init__(self, files):
        super().__init__([unpacked(file) for file in files])

    def __getitem__(self, index):
        return self.files[index]


def train_epoch(net, batches, opt):
    for x in batches:
        opt.zero_grad()
        F.mse_loss(net(x), x).backward()
        opt.step()


def main():
    torch.manual_seed(0)
    files = [packed(i / 40) for i in range(40)]
    batches = DataLoader(Unpacked(files), batch_size=8, shuffle=True)
    net = nn.Sequential(nn.Linear(9, 4), nn.Tanh(), nn.Linear(4, 9))
    opt = torch.optim.SGD(net.parameters(), lr=0.05)
    for _ in range(5):
        train_epoch(net, batches, opt)


if __name__ == "__main__":
    main()
