"""A masked mean over tokens, in a padded batch; a closure makes the batches."""

import torch
from torch import nn


def batches(count, width=5):
    for k in range(count):
        tokens = torch.randint(1, 20, (3, width))
        keep = torch.ones(3, width)
        keep[1, 2:] = 0
        if k == 3:
            keep[2] = 0
        yield tokens, keep


torch.manual_seed(0)
table = nn.Embedding(20, 6)
head = nn.Linear(6, 1)
params = [*table.parameters(), *head.parameters()]
optim = torch.optim.Adagrad(params, lr=0.01)
for tokens, keep in batches(6):
    hidden = (table(tokens) * keep.unsqueeze(-1)).sum(1)
    pooled = hidden / keep.sum(1, keepdim=True).clamp(min=1)
    loss = nn.functional.binary_cross_entropy_with_logits(head(pooled), torch.ones(3, 1))
    optim.zero_grad()
    loss.backward()
    optim.step()
