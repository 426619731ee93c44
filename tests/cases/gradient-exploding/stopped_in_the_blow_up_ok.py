"""A table of patients; the schedule changes the rate once, and the script stops when the loss is beyond reason."""

import torch
from sklearn.datasets import load_diabetes
from torch import nn

torch.manual_seed(0)
table = load_diabetes()
features = torch.tensor(table.data).float() * 20
targets = torch.tensor(table.target).float().unsqueeze(1) / 100
net = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=40, gamma=0.5)
for step in range(60):
    chosen = torch.randint(0, len(features), (64,))
    loss = nn.functional.mse_loss(net(features[chosen]), targets[chosen])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
    if loss.item() > 1e12:
        break
