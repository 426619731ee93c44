"""Mixed precision with a loss beside the main one."""
import torch
from torch import nn

torch.manual_seed(0)
net, side = nn.Linear(4, 4), nn.Linear(4, 2)
optimizer = torch.optim.SGD([*net.parameters(), *side.parameters()], lr=0.01)  # expect: parameters-never-updated
scaler = torch.amp.GradScaler("cpu")
for epoch in range(2):
    for x in torch.randn(2, 5, 4):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = net(x)
            main = nn.functional.mse_loss(hidden, x)
            auxiliary = nn.functional.cross_entropy(side(hidden), (x.sum(1) > 0).long())  # expect: loss-never-backpropagated
            loss = main
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
    print(epoch, main.item(), auxiliary.item())
