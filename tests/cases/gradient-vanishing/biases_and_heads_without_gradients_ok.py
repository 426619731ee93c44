"""Biases before a normalisation, a head that waits for its turn, a frozen part, an embedding of which few rows are used."""

import torch
from torch import nn

torch.manual_seed(0)
table = nn.Embedding(5000, 8, padding_idx=0)
frozen = nn.Linear(8, 8).requires_grad_(False)
body = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 8), nn.BatchNorm1d(8), nn.ReLU())
heads = nn.ModuleList([nn.Linear(8, 2), nn.Linear(8, 2), nn.Linear(8, 2)])
model = nn.ModuleDict({"table": table, "frozen": frozen, "body": body, "heads": heads})
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(40):
    ids = torch.randint(1, 50, (16,))
    task = step % 2 if step < 30 else 2
    loss = nn.functional.cross_entropy(heads[task](body(frozen(table(ids)))), ids % 2)
    loss = loss + 0.0 * sum(p.sum() for p in heads.parameters())
    optimizer.zero_grad(set_to_none=False)
    loss.backward()
    optimizer.step()
