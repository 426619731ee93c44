"""A state in a file of its own."""
import io
import pickle

import torch
from torch import nn

net = nn.Linear(3, 1)
file = io.BytesIO()
torch.save(net.state_dict(), file)
file.seek(0)
state = torch.load(file)
net.load_state_dict(state)
