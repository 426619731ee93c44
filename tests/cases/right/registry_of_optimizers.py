"""The optimizer's class comes from a dict of names, the schedule's from getattr."""
import torch
from torch import nn

OPTIMIZERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
config = {"optimizer": "sgd", "scheduler": "ExponentialLR", "lr": 0.1, "epochs": 2}
torch.manual_seed(0)
net = nn.Linear(3, 1)
opt = OPTIMIZERS[config["optimizer"]](net.parameters(), lr=config["lr"])
sched = getattr(torch.optim.lr_scheduler, config["scheduler"])(opt, gamma=0.9)
for epoch in range(config["epochs"]):
    for x in torch.randn(2, 5, 3):
        opt.zero_grad()
        nn.functional.mse_loss(net(x), x.sum(1, keepdim=True)).backward()
        opt.step()
    sched.step()
    print(epoch, sched.get_last_lr())
