"""Accumulation over two batches with a schedule that is advanced in the same loop."""
import torch
from torch import nn

torch.manual_seed(0)
K = 2
encoder = nn.Linear(3, 3)
optimizer = torch.optim.SGD(encoder.parameters(), lr=0.1)
schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda n: 0.98**n)
batches = torch.randn(4, 5, 3)
for epoch in range(2):
    for i, x in enumerate(batches):
        (nn.functional.mse_loss(encoder(x), x) / K).backward()
        schedule.step()  # expect: scheduler-before-optimizer
        if (i + 1) % K == 0:
            optimizer.step()
            optimizer.zero_grad()
    print(epoch, schedule.get_last_lr())
