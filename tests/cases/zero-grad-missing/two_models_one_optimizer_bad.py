"""Two modules share one optimizer; clearing goes through the modules."""
import itertools

import torch
from torch import nn

torch.manual_seed(0)
to_code, from_code = nn.Linear(5, 2), nn.Linear(2, 5)
opt = torch.optim.SGD(itertools.chain(to_code.parameters(), from_code.parameters()), lr=0.1)
for epoch in range(2):
    for x in torch.randn(2, 4, 5):
        to_code.zero_grad()
        loss = nn.functional.mse_loss(from_code(to_code(x).tanh()), x)
        loss.backward()
        opt.step()  # expect: zero-grad-missing
    print(epoch, loss.item())
