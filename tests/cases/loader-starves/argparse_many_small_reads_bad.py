"""A script with argparse; samples in a file each."""
import argparse
import tempfile
import time
from pathlib import Path

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset


class Folder(Dataset):
    def __init__(self, folder, keep):
        self.files = sorted(Path(folder).iterdir())
        self.kept = [self.read(file) for file in self.files] if keep else None

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        return self.read(self.files[index]) if self.kept is None else self.kept[index]

    @staticmethod
    def read(file):
        time.sleep(0.03)
        return torch.tensor([float(word) for word in file.read_text().split()])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=8)
    args = parser.parse_args([])
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        for i in range(40):
            Path(folder, f"{i:02}.txt").write_text(" ".join(map(str, torch.rand(3).tolist())))
        data = Folder(folder, keep=False)
        loader = DataLoader(data, batch_size=args.batch_size, shuffle=True)  # expect: loader-starves
        model = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 1))
        optimizer = torch.optim.Adam(model.parameters())
        for epoch in range(args.epochs):
            for x in loader:
                loss = nn.functional.mse_loss(model(x), x.prod(1, keepdim=True))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()


if __name__ == "__main__":
    main()
