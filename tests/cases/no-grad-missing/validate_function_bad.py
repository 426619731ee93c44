"""validate(model, loader) helper beside a train helper."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


def make_loader(seed, shuffle):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(8, 5, generator=g)
    return DataLoader(TensorDataset(x, (x.sum(1) > 0).long()), batch_size=4, shuffle=shuffle)


def train_epoch(net, loader, opt):
    net.train()
    for x, y in loader:
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()


def validate(net, loader):
    net.eval()
    hits = seen = 0
    for x, y in loader:
        scores = net(x)  # expect: no-grad-missing
        hits += int((scores.argmax(-1) == y).sum())
        seen += len(y)
    return hits / seen


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(5, 12), nn.ReLU(), nn.Dropout(0.2), nn.Linear(12, 2))
opt = torch.optim.AdamW(net.parameters(), lr=1e-2)
train_loader, val_loader = make_loader(0, True), make_loader(1, False)
for epoch in range(2):
    train_epoch(net, train_loader, opt)
    print(f"epoch {epoch}: val acc {validate(net, val_loader):.3f}")
