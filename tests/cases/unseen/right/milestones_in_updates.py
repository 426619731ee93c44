"""Milestones written as shares of the total number of updates; the schedule moves with each."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
cfg = dict(epochs=2, batch=4, lr=0.1)
loader = DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), cfg["batch"], shuffle=True)
updates = cfg["epochs"] * len(loader)
model = nn.Linear(3, 1)
opt = torch.optim.SGD(model.parameters(), lr=cfg["lr"])
sched = torch.optim.lr_scheduler.MultiStepLR(opt, [updates // 2, updates * 3 // 4], gamma=0.1)
for epoch in range(cfg["epochs"]):
    for x, y in loader:
        opt.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        opt.step()
        sched.step()
    print(epoch, sched.get_last_lr())
