"""The schedule is told the epoch at its start."""
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Linear(4, 2)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
schedule = torch.optim.lr_scheduler.StepLR(opt, step_size=2, gamma=0.5)
data = [(torch.randn(3, 4), torch.randint(0, 2, (3,))) for _ in range(3)]
for epoch in range(4):
    schedule.step(epoch)
    for x, y in data:
        opt.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        opt.step()
    print(epoch, opt.param_groups[0]["lr"])
