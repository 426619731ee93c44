"""The names that the texts leave out: data, a model, loaders, a device. Put before a listing, and nothing else."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

device = torch.device("cpu")
X = torch.randn(256, 10)
y = (X[:, 0] + 0.3 * torch.randn(256) > 0).long()


class MLP(nn.Module):
    """10 numbers -> 2 logits."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 2))

    def forward(self, x):
        return self.net(x)


train_set, val_set = TensorDataset(X[:192], y[:192]), TensorDataset(X[192:], y[192:])
train_loader, val_loader = DataLoader(train_set, 64, shuffle=True), DataLoader(val_set, 64)
