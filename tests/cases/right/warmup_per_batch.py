"""Linear warm-up counted in updates, stepped after every update."""
import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

torch.manual_seed(0)
warmup_steps = 3
batches = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
warmup = LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / warmup_steps))

for epoch in range(2):
    for x, y in batches:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        warmup.step()
        print(epoch, warmup.get_last_lr()[0])
