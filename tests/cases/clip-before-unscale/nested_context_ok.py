"""The step in a nested function with early return for accumulation, scaler from the enclosing scope."""
import torch
from torch import nn


def make_update(net, opt, every=2):
    scaler = torch.amp.GradScaler("cpu", enabled=True)
    count = 0

    def update(loss):
        nonlocal count
        scaler.scale(loss / every).backward()
        count += 1
        if count % every:
            return False
        scaler.unscale_(opt)
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        scaler.step(opt)
        scaler.update()
        opt.zero_grad()
        return True

    return update


torch.manual_seed(0)
net = nn.Linear(3, 1)
update = make_update(net, torch.optim.SGD(net.parameters(), lr=0.01))
for epoch in range(2):
    for x in torch.randn(4, 5, 3):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = nn.functional.mse_loss(net(x), x.sum(1, keepdim=True))
        print(epoch, update(loss))
