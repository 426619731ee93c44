"""A recurrent network over chunks of a sequence."""
import torch
from torch import nn

torch.manual_seed(0)
rnn = nn.GRU(3, 5, batch_first=True)
head = nn.Linear(5, 3)
opt = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=1e-3)
series = torch.randn(2, 13, 3)
state = torch.zeros(1, 2, 5)
for start in range(0, 12, 6):
    x, y = series[:, start:start + 6], series[:, start + 1:start + 7]
    out, state = rnn(x, state)
    state = state.detach()
    loss = (head(out) - y).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
