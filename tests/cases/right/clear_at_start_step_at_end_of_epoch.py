"""Full-epoch gradient descent: cleared once, summed over all batches, stepped once."""
import torch
from torch import nn

torch.manual_seed(0)
batches = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]
model = nn.Linear(3, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    opt.zero_grad()
    for x, y in batches:
        loss = nn.functional.mse_loss(model(x), y) / len(batches)
        loss.backward()
    opt.step()
    print(epoch, loss.item())
