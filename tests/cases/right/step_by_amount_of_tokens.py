"""The update comes when enough tokens were seen; gradients are weighted by tokens, tail included."""
import torch
from torch import nn

torch.manual_seed(0)
lm = nn.Sequential(nn.Embedding(9, 5), nn.Linear(5, 9))
opt = torch.optim.SGD(lm.parameters(), lr=0.5)
lines = [torch.randint(0, 9, (n,)) for n in (5, 7, 4, 8)]


def update(tokens):
    for p in lm.parameters():
        p.grad /= tokens
    opt.step()
    opt.zero_grad()


for epoch in range(2):
    tokens = 0
    for line in lines:
        loss = nn.functional.cross_entropy(lm(line[:-1]), line[1:], reduction="sum")
        loss.backward()
        tokens += len(line) - 1
        if tokens >= 10:
            update(tokens)
            tokens = 0
    if tokens > 0:
        update(tokens)
    print(epoch, loss.item())
