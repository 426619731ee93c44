"""A recurrent network whose state goes from batch to batch in a dict: the stored order is meant."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 6, 3), torch.randn(8, 1)), batch_size=4)
rnn, head = nn.LSTM(3, 5, batch_first=True), nn.Linear(5, 1)
opt = torch.optim.Adam([{"params": rnn.parameters()}, {"params": head.parameters()}])
for epoch in range(2):
    kept = {"h": torch.zeros(1, 4, 5), "c": torch.zeros(1, 4, 5)}
    for x, y in loader:
        out, (h, c) = rnn(x, (kept["h"], kept["c"]))
        kept = {"h": h.detach(), "c": c.detach()}
        loss = nn.functional.mse_loss(head(out[:, -1]), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
