"""The context is made once and entered again and again."""
import torch
from torch import nn

torch.manual_seed(0)
context = torch.autocast("cpu", dtype=torch.bfloat16)
layer = nn.Linear(4, 1)
optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
for epoch in range(2):
    for x in torch.randn(2, 3, 4):
        optimizer.zero_grad()
        with context:
            loss = nn.functional.l1_loss(layer(x), x[:, :1])
            loss.backward()  # expect: backward-inside-autocast
        optimizer.step()
    print(epoch, loss.item())
