"""Predictions for a confusion matrix are gathered, joined and counted."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
fit_loader = DataLoader(TensorDataset(torch.randn(8, 4), torch.randint(0, 3, (8,))), batch_size=4, shuffle=True)
test_loader = DataLoader(TensorDataset(torch.randn(8, 4), torch.randint(0, 3, (8,))), batch_size=4)
clf = nn.Sequential(nn.Linear(4, 9), nn.BatchNorm1d(9), nn.ReLU(), nn.Linear(9, 3))
opt = torch.optim.Adam(clf.parameters())


@torch.no_grad()
def confusion(loader):
    clf.eval()
    guesses, truths = [], []
    for x, y in loader:
        guesses.append(clf(x).detach().argmax(dim=1))
        truths.append(y)
    table = torch.zeros(3, 3, dtype=torch.long)
    for t, g in zip(torch.cat(truths), torch.cat(guesses)):
        table[t, g] += 1
    return table


for epoch in range(2):
    clf.train()
    for x, y in fit_loader:
        opt.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(clf(x), y).backward()
        opt.step()
    print(epoch, confusion(test_loader).tolist())
