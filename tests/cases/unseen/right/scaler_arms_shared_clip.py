"""Mixed precision behind a wrapper class with the interface of an optimizer."""
import torch
from torch import nn


class ScaledOptimizer:
    def __init__(self, opt, enabled):
        self.opt = opt
        self.scaler = torch.amp.GradScaler("cpu", enabled=True) if enabled else None

    def backward(self, loss):
        (self.scaler.scale(loss) if self.scaler else loss).backward()

    def clip(self, params, bound):
        if self.scaler:
            self.scaler.unscale_(self.opt)
        nn.utils.clip_grad_norm_(params, bound)

    def step(self):
        if self.scaler is None:
            self.opt.step()
        else:
            self.scaler.step(self.opt)
            self.scaler.update()
        self.opt.zero_grad()


torch.manual_seed(0)
for enabled in (False, True):
    net = nn.Linear(3, 1)
    wrapped = ScaledOptimizer(torch.optim.SGD(net.parameters(), lr=0.1), enabled)
    for x in torch.randn(2, 4, 3):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
            loss = nn.functional.mse_loss(net(x), x.amax(1, keepdim=True))
        wrapped.backward(loss)
        wrapped.clip(net.parameters(), 1.0)
        wrapped.step()
    print(enabled, loss.item())
