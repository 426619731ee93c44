"""The validation loader keeps the default order and the last batch; both sets come from one helper."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def make_loader(size, train):
    data = TensorDataset(torch.randn(size, 3), torch.randint(2, (size,)))
    return DataLoader(data, batch_size=4, shuffle=train, drop_last=train)


def run(model, loader, opt=None):
    model.train(opt is not None)
    total = 0.0
    with torch.set_grad_enabled(opt is not None):
        for x, y in loader:
            loss = nn.functional.cross_entropy(model(x), y)
            if opt is not None:
                opt.zero_grad()
                loss.backward()
                opt.step()
            total += loss.item() * len(x)
    return total


torch.manual_seed(0)
train, valid = make_loader(8, True), make_loader(6, False)
model = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.1), nn.Linear(8, 2))
opt = torch.optim.Adam(model.parameters())
for epoch in range(2):
    print(run(model, train, opt) / 8, run(model, valid) / 6)
