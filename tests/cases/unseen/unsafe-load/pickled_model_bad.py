"""A whole model."""
import io
import pickle

import torch
from torch import nn

net = nn.Linear(3, 1)
file = io.BytesIO()
pickle.dump(net, file)
file.seek(0)
back = pickle.load(file)  # expect: unsafe-load
back.eval()
with torch.no_grad():
    print(back(torch.ones(1, 3)))
