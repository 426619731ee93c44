"""Clipping under a scaler, in a function."""
import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_


def run(model, data, epochs, bound):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scaler = torch.amp.GradScaler("cpu")
    for epoch in range(epochs):
        for x, y in data:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = nn.functional.mse_loss(model(x), y)
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            clip_grad_norm_(model.parameters(), bound)
            optimizer.step()  # expect: scaler-bypassed
            scaler.update()
        print(epoch, loss.item())


torch.manual_seed(0)
run(nn.Linear(3, 1), [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)], 2, 1.0)
