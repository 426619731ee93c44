"""An update function that moves rate and weights, called from a step-counted loop."""
import torch
from torch import nn


def update(loss, optimizer, schedule, params, bound=1.0):
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(params, bound)
    schedule.step()  # expect: scheduler-before-optimizer
    optimizer.step()


torch.manual_seed(0)
attention = nn.MultiheadAttention(4, 2, batch_first=True)
params = list(attention.parameters())
optimizer = torch.optim.Adam(params, lr=1e-3, betas=(0.9, 0.98), eps=1e-9)
schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda n: min((n + 1) ** -0.5, (n + 1) * 4**-1.5))
for step in range(2):
    x = torch.randn(2, 5, 4)
    y, _ = attention(x, x, x)
    update(nn.functional.mse_loss(y, x), optimizer, schedule, params)
    print(step, schedule.get_last_lr())
