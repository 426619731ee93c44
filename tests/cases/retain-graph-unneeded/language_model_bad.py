"""A recurrent model that hands on its state, detached by a helper."""
import torch
from torch import nn


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn, self.out = nn.LSTM(3, 5, batch_first=True), nn.Linear(5, 3)

    def forward(self, x, state):
        h, state = self.rnn(x, state)
        return self.out(h), state


def cut(state):
    if isinstance(state, torch.Tensor):
        return state.detach()
    return tuple(cut(part) for part in state)


torch.manual_seed(0)
model = Model()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
series = torch.randn(2, 13, 3)
state = (torch.zeros(1, 2, 5), torch.zeros(1, 2, 5))
for start in (0, 6):
    x, y = series[:, start:start + 6], series[:, start + 1:start + 7]
    state = cut(state)
    out, state = model(x, state)
    loss = nn.functional.mse_loss(out, y)
    opt.zero_grad()
    loss.backward(retain_graph=True)  # expect: retain-graph-unneeded
    opt.step()
