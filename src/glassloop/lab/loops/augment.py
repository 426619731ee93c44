"""Augmentation in two workers, right: digits (1,797 scans of 8x8, scikit-learn's own), each brightened at random."""

import json

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, Dataset

SEED = 0
EPOCHS = 3
WORKERS = 2


class Brightened(Dataset):
    def __init__(self, images, labels):
        self.images, self.labels = images, labels

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        factor = np.random.uniform(0.8, 1.2)  # numpy's global generator: seeded apart for each worker and epoch
        return self.images[index] * np.float32(factor), self.labels[index], factor


def main():
    torch.manual_seed(SEED)
    data = load_digits()
    images = torch.tensor(data.data[:600], dtype=torch.float32) / 16
    loader = DataLoader(Brightened(images, data.target[:600]), batch_size=50, shuffle=True, num_workers=WORKERS)
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    drawn = []
    for epoch in range(EPOCHS):
        for x, y, factor in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            drawn += factor.tolist()
    print("final", json.dumps({"numbers_drawn": len(drawn), "different_numbers": len(set(drawn))}))


if __name__ == "__main__":
    main()
