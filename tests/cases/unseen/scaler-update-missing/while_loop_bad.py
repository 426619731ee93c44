"""A while loop over an iterator, steps counted by hand."""
import itertools

import torch
from torch import nn

torch.manual_seed(0)
net = nn.Linear(3, 3)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
amp = torch.amp.GradScaler("cpu", init_scale=256.0)
stream = itertools.cycle(torch.randn(2, 4, 3))
steps = 0
while steps < 3:
    x = next(stream)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = (net(x) - x).abs().mean()
    opt.zero_grad()
    amp.scale(loss).backward()
    try:
        amp.step(opt)  # expect: scaler-update-missing
    except RuntimeError:
        print("lost", steps)
    steps += 1
