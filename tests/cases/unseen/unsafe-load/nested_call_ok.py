"""Everything in one expression."""
import io

import torch
from torch import nn

net, twin = nn.Linear(3, 1), nn.Linear(3, 1)
file = io.BytesIO()
torch.save({"state": net.state_dict()}, file)
file.seek(0)
twin.load_state_dict({k: v.float() for k, v in torch.load(file, weights_only=True)["state"].items()})
