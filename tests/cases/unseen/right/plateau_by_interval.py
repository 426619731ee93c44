"""Step-counted loop: a plateau schedule hears the validation loss at every evaluation interval."""
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(2, 6), nn.Dropout(0.1), nn.Linear(6, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, patience=0, factor=0.5)
held_x = torch.randn(6, 2)


def batch():
    x = torch.randn(4, 2)
    return x, x.prod(1, keepdim=True)


for it in range(1, 5):
    net.train()
    x, y = batch()
    opt.zero_grad()
    nn.functional.mse_loss(net(x), y).backward()
    opt.step()
    if it % 2 == 0:
        net.eval()
        with torch.no_grad():
            value = nn.functional.mse_loss(net(held_x), held_x.prod(1, keepdim=True))
        plateau.step(value.item())
        print(it, value.item(), opt.param_groups[0]["lr"])
