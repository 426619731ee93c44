"""A transform for each sample, settings in a dataclass."""
import time
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


@dataclass
class Settings:
    epochs: int = 2
    batch: int = 10
    workers: int = 0


class Resize:
    def __init__(self, cost):
        self.cost = cost

    def __call__(self, image):
        time.sleep(self.cost)
        return image[:, ::2, ::2]


class Images(Dataset):
    def __init__(self, images, transform=None):
        self.images, self.transform = images, transform

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        image = self.images[index]
        return image if self.transform is None else self.transform(image)


def run(settings):
    torch.manual_seed(0)
    images = torch.rand(50, 1, 8, 8)
    resize = Resize(0.015)
    data = Images([resize(image) for image in images])
    loader = DataLoader(data, settings.batch, shuffle=True, num_workers=settings.workers)
    net = nn.Sequential(nn.Flatten(), nn.Linear(16, 4), nn.ReLU(), nn.Linear(4, 1))
    optim = torch.optim.AdamW(net.parameters(), lr=0.01)
    for epoch in range(settings.epochs):
        for x in loader:
            optim.zero_grad(set_to_none=True)
            nn.functional.mse_loss(net(x), x.flatten(1).mean(1, keepdim=True)).backward()
            optim.step()


run(Settings())
