"""AMP in a function with the scaler as a default argument."""
import torch
from torch import nn


def train_batch(net, x, y, opt, scaler=torch.amp.GradScaler("cpu", enabled=False), bound=1.0):
    opt.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = nn.functional.mse_loss(net(x), y)
    nn.utils.clip_grad_norm_(net.parameters(), bound)  # expect: clip-before-backward
    scaler.scale(loss).backward()
    scaler.step(opt)
    scaler.update()
    return loss.item()


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.05)
for epoch in range(2):
    for x in torch.randn(2, 4, 3):
        print(epoch, train_batch(net, x, x.prod(1, keepdim=True), opt))
