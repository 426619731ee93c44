"""Scores of pairs from two towers, with a sigmoid kept as a function."""
import torch
from torch import nn

torch.manual_seed(0)
users, items = nn.Embedding(5, 4), nn.Embedding(6, 4)
squash = torch.sigmoid
optimizer = torch.optim.Adagrad([*users.parameters(), *items.parameters()], lr=0.1)
for step in range(4):
    who, what = torch.randint(5, (8,)), torch.randint(6, (8,))
    score = (users(who) * items(what)).sum(1)
    liked = squash(score)
    optimizer.zero_grad()
    loss = nn.functional.binary_cross_entropy_with_logits(liked, torch.ones(8))  # expect: sigmoid-before-bce-with-logits
    loss.backward()
    optimizer.step()
