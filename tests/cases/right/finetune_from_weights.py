"""Training that starts from somebody's weights and keeps its own."""
import os
import tempfile

import torch
from torch import nn

folder = tempfile.mkdtemp()
torch.manual_seed(0)
torch.save(nn.Linear(3, 1).state_dict(), os.path.join(folder, "pretrained.pt"))
model = nn.Linear(3, 1)
model.load_state_dict(torch.load(os.path.join(folder, "pretrained.pt")))
optimizer = torch.optim.Adam(model.parameters())
for step in range(2):
    x = torch.randn(4, 3)
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
    optimizer.step()
    torch.save(model.state_dict(), os.path.join(folder, "finetuned.pt"))
