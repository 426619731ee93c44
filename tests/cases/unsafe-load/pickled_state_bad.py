"""A state in a file of its own."""
import io
import pickle

import torch
from torch import nn

net = nn.Linear(3, 1)
file = io.BytesIO()
pickle.dump(net.state_dict(), file)
file.seek(0)
state = pickle.load(file)  # expect: unsafe-load
net.load_state_dict(state)
