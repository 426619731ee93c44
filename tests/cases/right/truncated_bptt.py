"""A recurrent network with truncated back-propagation through time."""
import torch
from torch import nn

torch.manual_seed(0)
rnn = nn.LSTM(2, 4, batch_first=True)
readout = nn.Linear(4, 2)
params = [*rnn.parameters(), *readout.parameters()]
optimizer = torch.optim.SGD(params, lr=0.1)
series = torch.randn(3, 9, 2)
span = 4

for epoch in range(2):
    state = None
    for t in range(0, 8, span):
        chunk, nxt = series[:, t:t + span], series[:, t + 1:t + span + 1]
        if state is not None:
            state = tuple(s.detach() for s in state)
        out, state = rnn(chunk, state)
        loss = nn.functional.mse_loss(readout(out), nxt)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(params, 0.25)
        optimizer.step()
    print(epoch, loss.item())
