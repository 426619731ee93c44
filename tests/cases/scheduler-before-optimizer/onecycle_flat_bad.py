"""OneCycleLR per batch, clearing at the end of the iteration."""
import torch
from torch import nn

torch.manual_seed(0)
batches = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]
epochs = 2
model = nn.Linear(3, 1)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=epochs * len(batches))

for epoch in range(epochs):
    for x, y in batches:
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        scheduler.step()  # expect: scheduler-before-optimizer
        optimizer.step()
        optimizer.zero_grad()
    print(epoch, scheduler.get_last_lr())
