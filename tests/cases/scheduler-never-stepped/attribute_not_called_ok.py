"""A schedule whose step is one pair of brackets short."""
import torch
from torch import nn

torch.manual_seed(0)
batches = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]
net = nn.Linear(3, 1)
opt = torch.optim.RMSprop(net.parameters(), lr=1e-2)
schedule = torch.optim.lr_scheduler.MultiStepLR(opt, milestones=[1], gamma=0.1)
for epoch in range(2):
    for x, y in batches:
        opt.zero_grad()
        nn.functional.l1_loss(net(x), y).backward()
        opt.step()
    schedule.step()
