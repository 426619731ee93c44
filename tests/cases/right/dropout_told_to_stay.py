"""A function that samples with dropout says train() itself, and puts the mode back."""
import torch
from torch import nn

torch.manual_seed(0)
batches = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]
model = nn.Sequential(nn.Linear(3, 16), nn.Dropout(0.2), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)


@torch.no_grad()
def uncertain_loss(inputs):
    was = model.training
    model.train()
    losses = [nn.functional.mse_loss(model(x), y).item() for x, y in inputs]
    model.train(was)
    return losses


for epoch in range(2):
    model.train()
    for x, y in batches:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
    model.eval()
    print(epoch, uncertain_loss(batches))
