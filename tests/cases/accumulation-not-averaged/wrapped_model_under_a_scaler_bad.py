"""A wrapper around a network gives the loss alone, asked for by name; windows in an inner loop under a scaler."""
import torch
from torch import nn


class Wrapper(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x, return_loss=False):
        if not return_loss:
            return self.net(x)
        source, target = x[:, :-1], x[:, 1:]
        return nn.functional.smooth_l1_loss(self.net(source), target)


torch.manual_seed(0)
every = 2
model = Wrapper(nn.Linear(3, 3))
optim = torch.optim.Adam(model.parameters(), lr=1e-3)
scaler = torch.amp.GradScaler("cpu")
for i in range(2):
    model.train()
    for _ in range(every):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = model(torch.randn(5, 4), return_loss=True)
        scaler.scale(loss).backward()  # expect: accumulation-not-averaged
    scaler.step(optim)
    scaler.update()
    optim.zero_grad()
    print(i, loss.item())
