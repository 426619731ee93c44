"""An iterator loop with early continue on empty batches, clearing in its own function."""
import torch
from torch import nn


def reset(*optimizers):
    for o in optimizers:
        o.zero_grad()  # expect: zero-grad-between-backward-and-step


torch.manual_seed(0)
word, char = nn.EmbeddingBag(9, 4), nn.Linear(4, 2)
o1, o2 = torch.optim.SGD(word.parameters(), lr=0.5), torch.optim.Adam(char.parameters(), lr=0.01)
batches = [torch.randint(0, 9, (3, 4)), torch.empty(0, 4, dtype=torch.long), torch.randint(0, 9, (3, 4))]
for epoch in range(2):
    for ids in batches:
        if len(ids) == 0:
            continue
        loss = nn.functional.cross_entropy(char(word(ids)), ids[:, 0] % 2)
        loss.backward()
        reset(o1, o2)
        o1.step()
        o2.step()
    print(epoch, loss.item())
