"""Train and validate functions in one file."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def train(model, loader, optimizer):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()


@torch.no_grad()
def validate(model, loader):
    right = 0
    for x, y in loader:
        right += (model(x).argmax(1) == y).sum().item()  # expect: eval-mode-missing
    return right / len(loader.dataset)


torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 2))
optimizer = torch.optim.Adam(model.parameters())
train_set = TensorDataset(torch.randn(8, 4), torch.randint(2, (8,)))
valid_set = TensorDataset(torch.randn(8, 4), torch.randint(2, (8,)))
train_loader = DataLoader(train_set, batch_size=4, shuffle=True)
valid_loader = DataLoader(valid_set, batch_size=4)
for epoch in range(2):
    train(model, train_loader, optimizer)
    print(epoch, validate(model, valid_loader))
