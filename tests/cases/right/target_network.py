"""Q-learning with a target network that is copied now and then."""
import copy

import torch
from torch import nn

torch.manual_seed(0)
online = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))
optimizer = torch.optim.Adam(online.parameters(), lr=1e-3)
target = copy.deepcopy(online)
for step in range(8):
    state, after, reward = torch.randn(6, 3), torch.randn(6, 3), torch.randn(6)
    action = torch.randint(2, (6, 1))
    value = online(state).gather(1, action).squeeze(1)
    wanted = reward + 0.9 * target(after).max(1)[0].detach()
    loss = nn.functional.smooth_l1_loss(value, wanted)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 3 == 2:
        target.load_state_dict(online.state_dict())
