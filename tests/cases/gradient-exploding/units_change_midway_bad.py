"""A loader whose later files come in other units."""

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Files(Dataset):
    def __len__(self):
        return 160

    def __getitem__(self, index):
        generator = torch.Generator().manual_seed(index)
        x = torch.randn(3, generator=generator)
        factor = 1000.0 if index >= 96 else 1.0
        return x * factor, x.sum().view(1) * factor


def train(model, loader, optimizer):
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.smooth_l1_loss(model(x), y)
        loss.backward()  # expect: gradient-exploding
        optimizer.step()


torch.manual_seed(0)
model = nn.Linear(3, 1)
in_order = DataLoader(Files(), batch_size=4, sampler=range(160))
train(model, in_order, torch.optim.SGD(model.parameters(), lr=0.05))
