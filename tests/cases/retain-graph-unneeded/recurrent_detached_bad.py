"""A recurrent cell whose state is detached between the steps."""
import torch
from torch import nn

torch.manual_seed(0)
cell, readout = nn.GRUCell(2, 4), nn.Linear(4, 2)
optimizer = torch.optim.SGD([*cell.parameters(), *readout.parameters()], lr=0.1)
series = torch.randn(5, 3, 2)
for epoch in range(2):
    state = torch.zeros(3, 4)
    for t in range(4):
        state = cell(series[t], state.detach())
        loss = (readout(state) - series[t + 1]).pow(2).mean()
        optimizer.zero_grad()
        loss.backward(retain_graph=True)  # expect: retain-graph-unneeded
        optimizer.step()
    print(epoch, loss.item())
