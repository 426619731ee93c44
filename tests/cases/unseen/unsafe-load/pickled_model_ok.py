"""A whole model."""
import io
import pickle

import torch
from torch import nn

net = nn.Linear(3, 1)
file = io.BytesIO()
torch.save(net.state_dict(), file)
file.seek(0)
back = nn.Linear(3, 1)
back.load_state_dict(torch.load(file))
back.eval()
with torch.no_grad():
    print(back(torch.ones(1, 3)))
