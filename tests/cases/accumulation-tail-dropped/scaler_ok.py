"""Mixed precision, and a window of two over three batches."""
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.01)
scaler = torch.amp.GradScaler("cpu")
batches = list(torch.randn(3, 4, 4))
for epoch in range(2):
    for i, x in enumerate(batches):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = nn.functional.mse_loss(net(x), x.sum(1, keepdim=True)) / 2
        scaler.scale(loss).backward()
        if i % 2 == 1 or x is batches[-1]:
            scaler.step(opt)
            scaler.update()
            opt.zero_grad()
    print(epoch, loss.item())
