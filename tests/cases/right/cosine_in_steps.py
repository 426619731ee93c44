"""Cosine schedule whose T_max is epochs times batches."""
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset


def fit(model, loader, epochs, lr):
    optimizer = optim.AdamW(model.parameters(), lr=lr)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs * len(loader))
    for epoch in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss = (model(x) - y).square().mean()
            loss.backward()
            optimizer.step()
            scheduler.step()
        print(epoch, loss.item(), optimizer.param_groups[0]["lr"])


torch.manual_seed(0)
data = TensorDataset(torch.randn(8, 3), torch.randn(8, 1))
fit(nn.Linear(3, 1), DataLoader(data, batch_size=4, shuffle=True), epochs=2, lr=1e-2)
