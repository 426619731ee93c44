"""Training that goes on from a file."""
import os
import tempfile

import torch as T
from torch import nn

FILE = os.path.join(tempfile.mkdtemp(), "model.pt")
T.manual_seed(0)
net = nn.Linear(3, 1)
opt = T.optim.Adam(net.parameters())
T.save({"net": net.state_dict(), "opt": opt.state_dict()}, FILE)
ckpt = T.load(FILE)
net.load_state_dict(ckpt["net"])
opt.load_state_dict(ckpt["opt"])
for step in range(2):
    x = T.randn(4, 3)
    opt.zero_grad()
    nn.functional.mse_loss(net(x), x[:, :1]).backward()
    opt.step()
