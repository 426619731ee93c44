"""A dataset that flips its pictures, dataclass config."""
import random
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


@dataclass
class Config:
    seed: int = 7
    workers: int = 2
    epochs: int = 2


class Pictures(Dataset):
    def __init__(self, images, labels, seed):
        self.images, self.labels = images, labels
        self.seed = seed

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        image = self.images[index]
        if random.random() < 0.5:
            image = image.flip(-1)
        return image, self.labels[index]


def main(cfg):
    random.seed(cfg.seed)
    torch.manual_seed(cfg.seed)
    data = Pictures(torch.randn(8, 1, 4, 4), torch.randint(2, (8,)), cfg.seed)
    loader = DataLoader(data, batch_size=4, shuffle=True, num_workers=cfg.workers)
    net = nn.Sequential(nn.Flatten(), nn.Linear(16, 2))
    opt = torch.optim.Adam(net.parameters())
    for _ in range(cfg.epochs):
        for image, label in loader:
            opt.zero_grad()
            nn.functional.cross_entropy(net(image), label).backward()
            opt.step()


if __name__ == "__main__":
    main(Config())
