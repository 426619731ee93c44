"""A resume that only reads weights, from today's torch.load."""
import os
import tempfile

import torch
from torch import nn


def save_state(path, **parts):
    torch.save({name: part.state_dict() if hasattr(part, "state_dict") else part for name, part in parts.items()}, path)


def load_state(path, **parts):
    state = torch.load(path, map_location="cpu", weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return state["epoch"]


torch.manual_seed(0)
path = os.path.join(tempfile.mkdtemp(), "last.pt")
model = nn.Linear(3, 1)
opt = torch.optim.Adam(model.parameters())
sched = torch.optim.lr_scheduler.ExponentialLR(opt, 0.9)
start = load_state(path, model=model, opt=opt, sched=sched) + 1 if os.path.exists(path) else 0
for epoch in range(start, 2):
    for _ in range(2):
        opt.zero_grad()
        nn.functional.mse_loss(model(torch.randn(4, 3)), torch.randn(4, 1)).backward()
        opt.step()
    sched.step()
    save_state(path, model=model, opt=opt, sched=sched, epoch=epoch)
