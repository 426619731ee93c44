"""Q-learning: the target is cut from the graph, the loss is not."""
import copy

import torch
from torch import nn

torch.manual_seed(0)
q = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
frozen = copy.deepcopy(q)
opt = torch.optim.Adam(q.parameters(), lr=1e-3)
for step in range(2):
    s, a, r, s2 = torch.randn(6, 4), torch.randint(2, (6, 1)), torch.randn(6), torch.randn(6, 4)
    target = r + 0.9 * frozen(s2).max(1).values.detach()
    loss = nn.functional.smooth_l1_loss(q(s).gather(1, a).squeeze(1), target)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 2:
        frozen.load_state_dict(q.state_dict())
