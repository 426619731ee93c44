"""Accumulation by a counter in a while loop; clearing after each update."""
import torch
from torch import nn

torch.manual_seed(0)
net = nn.LSTM(2, 3, batch_first=True)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
songs = list(torch.randn(4, 2, 5, 2))
window, waiting, done = 2, 0, 0
while done < len(songs):
    song = songs[done]
    out, _ = net(song)
    loss = nn.functional.mse_loss(out[..., :2], song) / window
    loss.backward()
    waiting += 1
    done += 1
    if waiting == window:
        nn.utils.clip_grad_norm_(net.parameters(), 0.5)
        opt.step()
        opt.zero_grad()
        waiting = 0
    print(done, loss.item() * window)
