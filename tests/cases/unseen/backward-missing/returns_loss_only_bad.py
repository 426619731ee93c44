"""Matrix factorization: score() computes, the loop updates; nothing else is in the file."""
import torch
from torch import nn

torch.manual_seed(5)
n_users, n_items, rank = 6, 5, 2
users, items = nn.Embedding(n_users, rank), nn.Embedding(n_items, rank)
weights = [users.weight, items.weight]
optimizer = torch.optim.SGD(weights, lr=0.5)
ratings = torch.rand(n_users, n_items)


def score(u, i):
    guess = (users(u) * items(i)).sum(-1)
    error = ((guess - ratings[u, i]) ** 2).mean()
    return error


for sweep in range(2):
    for u in torch.randperm(n_users).split(3):
        optimizer.zero_grad()
        error = score(u, torch.randint(0, n_items, (len(u),)))
        optimizer.step()  # expect: backward-missing
        print(sweep, error.item())
