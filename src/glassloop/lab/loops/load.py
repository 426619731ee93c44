"""A checkpoint from somebody else, read rightly: what it may do is write a file, here where nothing else is."""

import json
import os
import pickle

import torch
from torch import nn

SEED = 0
POISONED = True

torch.manual_seed(SEED)


class Payload:
    """What unpickles it runs a command of its choice: here one that leaves a file."""

    def __reduce__(self):
        return os.mkdir, ("it-ran",)


model = nn.Linear(64, 10)
torch.save({"model": model.state_dict(), **({"note": Payload()} if POISONED else {})}, "theirs.pt")
refused = False
try:
    checkpoint = torch.load("theirs.pt", weights_only=True)
    model.load_state_dict(checkpoint["model"])
except pickle.UnpicklingError:
    refused = True
print("final", json.dumps({"ran": os.path.exists("it-ran"), "refused": refused}))
