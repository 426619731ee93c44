"""Precision as a strategy object: Full and Mixed share an interface, Mixed is chosen."""
import torch
from torch import nn


class Full:
    def backward(self, loss):
        loss.backward()

    def step(self, opt, params, limit):
        nn.utils.clip_grad_norm_(params, limit)
        opt.step()


class Mixed:
    def __init__(self):
        self.scaler = torch.amp.GradScaler("cpu", enabled=True)

    def backward(self, loss):
        self.scaler.scale(loss).backward()

    def step(self, opt, params, limit):
        self.scaler.unscale_(opt)
        nn.utils.clip_grad_norm_(params, limit)
        self.scaler.step(opt)
        self.scaler.update()


torch.manual_seed(0)
precision = Mixed()
net = nn.Linear(4, 2)
params = list(net.parameters())
opt = torch.optim.SGD(params, lr=0.01)
for epoch in range(2):
    for x in torch.randn(2, 4, 4):
        opt.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = nn.functional.mse_loss(net(x), x[:, :2])
        precision.backward(loss)
        precision.step(opt, params, limit=1.0)
    print(epoch, loss.item())
