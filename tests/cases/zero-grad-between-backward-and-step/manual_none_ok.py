"""Step-counted loop; gradients are dropped by hand, parameter by parameter."""
import torch
from torch import nn

torch.manual_seed(0)
lm = nn.Sequential(nn.Embedding(7, 4), nn.Linear(4, 7))
optimizer = torch.optim.AdamW(lm.parameters(), lr=1e-2)
text = torch.randint(0, 7, (40,))


def get_batch(size=4):
    at = torch.randint(0, 39, (size,))
    return text[at], text[at + 1]


for it in range(2):
    xb, yb = get_batch()
    loss = nn.functional.cross_entropy(lm(xb), yb)
    for p in lm.parameters():
        p.grad = None
    loss.backward()
    optimizer.step()
    print(it, loss.item())
