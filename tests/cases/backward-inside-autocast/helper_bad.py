"""A helper goes backward for its caller."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(2, 2)
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)


def descend(loss):
    optimizer.zero_grad()
    loss.backward()  # expect: backward-inside-autocast
    optimizer.step()


for epoch in range(2):
    for x in torch.randn(2, 4, 2):
        with torch.autocast(device_type="cpu", dtype=torch.bfloat16):
            loss = nn.functional.mse_loss(model(x), x)
            descend(loss)
    print(epoch, loss.item())
