"""A schedule in a function, with a warm-up by steps."""

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR


def schedule(optimizer, warm, total):
    def factor(step):
        if step < warm:
            return step / warm
        return max(0.0, (total - step) / (total - warm))

    return LambdaLR(optimizer, factor)


torch.manual_seed(0)
model = nn.Linear(3, 1)
decay, rest = [model.weight], [model.bias]
optimizer = torch.optim.AdamW([{"params": decay}, {"params": rest, "weight_decay": 0.0}], lr=1e-2)
scheduler = schedule(optimizer, warm=5, total=12)
for _ in range(12):
    x = torch.randn(4, 3)
    loss = (model(x) - x.sum(1, keepdim=True)).abs().mean()
    loss.backward()
    optimizer.step()
    scheduler.step()
    optimizer.zero_grad()
