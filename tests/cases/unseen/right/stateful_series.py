"""A stateful recurrent network reads its series in order and keeps its state between batches."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
series = torch.sin(torch.linspace(0, 12, 49)).unsqueeze(1)
windows = torch.stack([series[i:i + 6] for i in range(0, 48, 6)])
following = torch.stack([series[i + 1:i + 7] for i in range(0, 48, 6)])
loader = DataLoader(TensorDataset(windows, following), batch_size=1, shuffle=False)
rnn, head = nn.LSTM(1, 6, batch_first=True), nn.Linear(6, 1)
opt = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=1e-2)
for epoch in range(2):
    state = None
    for x, y in loader:
        out, state = rnn(x, state)
        state = tuple(s.detach() for s in state)
        loss = nn.functional.mse_loss(head(out), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
