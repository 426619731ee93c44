"""The root of the mean square, by hand, under autocast."""
import torch
from torch import nn


class RMSE(nn.Module):
    def forward(self, y_hat, y):
        return torch.sqrt(torch.mean(torch.square(y - y_hat)) + 1e-8)


torch.manual_seed(0)
model, rmse = nn.Sequential(nn.Linear(6, 4), nn.SiLU(), nn.Linear(4, 1)), RMSE()
opt = torch.optim.Adam(model.parameters())
for _ in range(4):
    x = torch.randn(8, 6)
    y = x.max(dim=1).values[:, None]
    with torch.autocast("cpu", torch.bfloat16):
        y_hat = model(x)
    loss = rmse(y_hat.float(), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
