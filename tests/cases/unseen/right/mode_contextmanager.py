"""A context manager switches a module to evaluation and puts the earlier mode back."""
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def evaluating(net):
    before = net.training
    net.eval()
    try:
        with torch.no_grad():
            yield net
    finally:
        net.train(before)


torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5), nn.Linear(8, 1))
opt = torch.optim.SGD(model.parameters(), lr=0.1)
train_x, val_x = torch.randn(2, 4, 3), torch.randn(2, 4, 3)
for epoch in range(2):
    for x in train_x:
        opt.zero_grad(set_to_none=True)
        nn.functional.mse_loss(model(x), x.mean(1, keepdim=True)).backward()
        opt.step()
    with evaluating(model) as m:
        print(epoch, [nn.functional.mse_loss(m(x), x.mean(1, keepdim=True)).item() for x in val_x])
