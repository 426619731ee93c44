"""Robustness check: the attack needs the input's gradient while the model is in evaluation mode."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.2), nn.Linear(8, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
batches = [(torch.randn(4, 4), torch.randint(0, 2, (4,))) for _ in range(2)]


def attack(net, x, y, eps=0.1):
    x = x.clone().requires_grad_(True)
    loss = nn.functional.cross_entropy(net(x), y)
    (grad,) = torch.autograd.grad(loss, x)
    return (x + eps * grad.sign()).detach()


for epoch in range(2):
    model.train()
    for x, y in batches:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    model.eval()
    hits = 0
    for x, y in batches:
        moved = attack(model, x, y)
        with torch.no_grad():
            hits += (model(moved).argmax(1) == y).sum().item()
    print(epoch, hits)
