"""A loop counted in steps, with a step schedule counted in the same unit."""
import torch
from torch import nn

torch.manual_seed(0)
max_steps = 4
model = nn.Linear(5, 1)
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-2)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)


def get_batch():
    x = torch.randn(4, 5)
    return x, x.sum(dim=1, keepdim=True)


for step in range(max_steps):
    x, y = get_batch()
    loss = nn.functional.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    print(step, loss.item(), scheduler.get_last_lr())
