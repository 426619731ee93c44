"""No loader: an epoch is one update, so a schedule counted in epochs moves with each update."""
import torch
from torch import nn

torch.manual_seed(0)
n_epochs = 2
x = torch.linspace(0, 1, 20)[:, None]
y = 3 * x - 1
model = nn.Linear(1, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=n_epochs)
for epoch in range(n_epochs):
    loss = nn.functional.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    print(epoch, loss.item(), scheduler.get_last_lr())
