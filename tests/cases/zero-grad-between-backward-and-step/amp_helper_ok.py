"""AMP: a finish_step(optimizer, scaler) helper ends each iteration."""
import torch
from torch import nn


def finish_step(optimizer, scaler):
    scaler.step(optimizer)
    scaler.update()
    optimizer.zero_grad(set_to_none=True)


def fit(model, batches, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    scaler = torch.amp.GradScaler("cpu", enabled=True)
    for epoch in range(epochs):
        for x, y in batches:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = nn.functional.mse_loss(model(x), y)
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            finish_step(optimizer, scaler)
        print(epoch, loss.item())


torch.manual_seed(0)
fit(nn.Linear(3, 1), [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)], epochs=2)
