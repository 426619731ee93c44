"""Weights kept by hand in a file of their own."""
import os
import tempfile

import torch
from torch import nn

torch.manual_seed(0)
folder = tempfile.mkdtemp()
ckpt_path = os.path.join(folder, "checkpoint.pkl")
model = nn.Linear(3, 2)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(2):
    opt.zero_grad()
    nn.functional.cross_entropy(model(torch.randn(4, 3)), torch.randint(2, (4,))).backward()
    opt.step()
torch.save(model.state_dict(), ckpt_path)

fresh = nn.Linear(3, 2)
weights = torch.load(ckpt_path, weights_only=True)
fresh.load_state_dict(weights)
fresh.eval()
