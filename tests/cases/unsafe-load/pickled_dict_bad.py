"""A dictionary with a state and more."""
import io
import pickle

import torch
from torch import nn

net = nn.Linear(3, 1)
file = io.BytesIO()
pickle.dump({"model": net.state_dict(), "epoch": 3}, file)
file.seek(0)
kept = pickle.load(file)  # expect: unsafe-load
weights = kept["model"]
net.load_state_dict(weights)
print(kept["epoch"])
