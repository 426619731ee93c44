"""The number of batches is a plain number, and batches are made as they are needed."""
import torch
from torch import nn
from torch.optim.lr_scheduler import PolynomialLR

torch.manual_seed(0)
epochs, batches_per_epoch = 2, 3
net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.5)
decay = PolynomialLR(opt, total_iters=epochs * batches_per_epoch, power=2.0)

for epoch in range(epochs):
    for i in range(batches_per_epoch):
        x = torch.randn(4, 3)
        loss = (net(x) - x.sum(1, keepdim=True)).pow(2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    decay.step()  # expect: scheduler-per-epoch
    print(epoch, decay.get_last_lr())
