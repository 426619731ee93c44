"""A script that only predicts."""
import os
import tempfile

import torch
from torch import nn

FILE = os.path.join(tempfile.mkdtemp(), "model.pt")
net = nn.Linear(3, 1)
torch.save(net.state_dict(), FILE)
net.load_state_dict(torch.load(FILE, map_location="cpu"))
net.eval()
with torch.no_grad():
    print(net(torch.ones(1, 3)))
