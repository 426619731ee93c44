"""set_grad_enabled used as a statement rather than as a context."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Linear(6, 2))
opt = torch.optim.SGD(model.parameters(), lr=0.1)
fit, check = (torch.randn(2, 4, 4) for _ in range(2))

for epoch in range(2):
    model.train()
    torch.set_grad_enabled(True)
    for x in fit:
        loss = nn.functional.cross_entropy(model(x), (x.sum(1) > 0).long())
        opt.zero_grad()
        loss.backward()
        opt.step()
    model.eval()
    torch.set_grad_enabled(False)
    hits = 0
    for x in check:
        scores = model(x)
        hits += (scores.argmax(1) == (x.sum(1) > 0)).sum().item()
    print(epoch, hits / 8)
torch.set_grad_enabled(True)
