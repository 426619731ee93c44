"""One function serves both kinds of schedule: a flag says when it moves."""
import torch
from torch import nn


def train_epoch(model, batches, opt, sched, by_batch):
    for x, y in batches:
        opt.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        opt.step()
        if by_batch:
            sched.step()
    if not by_batch:
        sched.step()


torch.manual_seed(0)
epochs = 2
batches = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]
model = nn.Linear(3, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=epochs)
for epoch in range(epochs):
    train_epoch(model, batches, opt, sched, by_batch=False)
    print(epoch, sched.get_last_lr())
