"""The best weights in a file of their own, everything in the one that is resumed from."""
import os
import tempfile

import torch
from torch import nn

folder = tempfile.mkdtemp()
last, best = os.path.join(folder, "last.pt"), os.path.join(folder, "best.pt")
torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.Adam(model.parameters())
start = 0
if os.path.exists(last):
    state = torch.load(last)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    start = state["epoch"] + 1
for epoch in range(start, 2):
    x = torch.randn(4, 3)
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
    optimizer.step()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch}, last)
    torch.save(model.state_dict(), best)
model.load_state_dict(torch.load(best))
