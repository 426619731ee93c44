"""A batch is cut into chunks that fit; the update comes once a batch, after the chunks."""
import torch
from torch import nn

torch.manual_seed(0)
matcher = nn.Sequential(nn.Linear(4, 8), nn.PReLU(), nn.Linear(8, 3))
opt = torch.optim.AdamW(matcher.parameters(), lr=2e-3)
big_x, big_y = torch.randn(2, 8, 4), torch.randint(0, 3, (2, 8))


def big_step(x, y, chunk):
    n = 0
    for cx, cy in zip(x.split(chunk), y.split(chunk)):
        opt.zero_grad()  # expect: zero-grad-breaks-accumulation
        loss = nn.functional.cross_entropy(matcher(cx), cy, reduction="sum") / len(x)
        loss.backward()
        n += 1
    opt.step()
    return n


for epoch in range(2):
    for x, y in zip(big_x, big_y):
        print(epoch, big_step(x, y, chunk=4))
