"""Mixed precision and accumulation in a function."""
import torch
from torch import nn


def train(model, batches, epochs, k):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    scaler = torch.amp.GradScaler("cpu")
    for epoch in range(epochs):
        for index, (x, y) in enumerate(batches):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = ((model(x) - y) ** 2).mean()
                loss = loss / k
            scaler.scale(loss).backward()
            if index % k == k - 1:
                scaler.step(optimizer)
                scaler.update()
                optimizer.zero_grad()
        print(epoch, loss.item())


torch.manual_seed(0)
train(nn.Linear(2, 1), [(torch.randn(4, 2), torch.randn(4, 1)) for _ in range(4)], 2, 2)
