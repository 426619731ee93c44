"""A list of optimizers walked with for opt in optimizers."""
import torch
from torch import nn

torch.manual_seed(0)
parts = [nn.Linear(4, 6), nn.Linear(6, 2)]
optimizers = [torch.optim.SGD(part.parameters(), lr=0.1) for part in parts]
batches = [(torch.randn(4, 4), torch.randint(0, 2, (4,))) for _ in range(2)]

for epoch in range(2):
    for x, y in batches:
        hidden = torch.relu(parts[0](x))
        loss = nn.functional.cross_entropy(parts[1](hidden), y)
        loss.backward()
        for opt in optimizers:
            opt.zero_grad()  # expect: zero-grad-between-backward-and-step
            opt.step()
    print(epoch, loss.item())
