"""A learning-rate range test: the rate grows with every update until the loss explodes."""
import copy

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
memory = copy.deepcopy(model.state_dict())
opt = torch.optim.SGD(model.parameters(), lr=1e-4)
grow = torch.optim.lr_scheduler.ExponentialLR(opt, gamma=10)
curve = []
for i in range(4):
    x = torch.randn(8, 3)
    opt.zero_grad()
    loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
    loss.backward()
    opt.step()
    curve.append((grow.get_last_lr()[0], loss.item()))
    grow.step()
    if loss.item() > 100 * curve[0][1]:
        break
model.load_state_dict(memory)
print(curve)
