"""Helpers: the loop asks small functions for each stage, clip imported by name."""
import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_
from torch.utils.data import DataLoader, TensorDataset


def compute_loss(model, batch):
    x, y = batch
    return nn.functional.cross_entropy(model(x), y)


def limit(model, bound):
    return clip_grad_norm_(model.parameters(), bound)  # expect: clip-before-backward


def train(model, loader, optimizer, bound=0.5):
    for batch in loader:
        loss = compute_loss(model, batch)
        optimizer.zero_grad()
        limit(model, bound)
        loss.backward()
        optimizer.step()
    return loss.item()


if __name__ == "__main__":
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 16), nn.GELU(), nn.Linear(16, 3))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    data = TensorDataset(torch.randn(8, 4), torch.randint(0, 3, (8,)))
    loader = DataLoader(data, batch_size=4, shuffle=True)
    for epoch in range(2):
        print(epoch, train(model, loader, optimizer))
