"""backward and clip in one helper, step in the caller."""
import torch
from torch import nn


def backprop(loss, params, max_norm):
    loss.backward()
    return nn.utils.clip_grad_norm_(params, max_norm)


def fit(model, batches, epochs):
    params = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(params, lr=1e-2)
    for epoch in range(epochs):
        for x, y in batches:
            optimizer.zero_grad()
            norm = backprop(nn.functional.mse_loss(model(x), y), params, max_norm=1.0)
            optimizer.step()
        print(epoch, norm.item())


torch.manual_seed(0)
fit(nn.Linear(2, 1), [(torch.randn(4, 2), torch.randn(4, 1)) for _ in range(2)], epochs=2)
