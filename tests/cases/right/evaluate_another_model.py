"""The averaged copy is evaluated; the model that trains never leaves training mode."""
import copy

import torch
from torch import nn


class Ema:
    def __init__(self, model, decay=0.9):
        self.copy = copy.deepcopy(model).eval()
        self.decay = decay
        for p in self.copy.parameters():
            p.requires_grad_(False)

    @torch.no_grad()
    def update(self, model):
        for slow, fast in zip(self.copy.parameters(), model.parameters()):
            slow.mul_(self.decay).add_(fast, alpha=1 - self.decay)
        for slow, fast in zip(self.copy.buffers(), model.buffers()):
            slow.copy_(fast)


torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.Dropout(0.2), nn.Linear(5, 1))
ema = Ema(model)
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
model.train()
for epoch in range(2):
    for x in torch.randn(2, 4, 3):
        opt.zero_grad()
        nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
        opt.step()
        ema.update(model)
    ema.copy.eval()
    with torch.no_grad():
        print(epoch, ema.copy(torch.randn(4, 3)).mean().item())
