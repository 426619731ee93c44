"""Several optimizers in a list, stepped in a loop."""
import torch
from torch import nn

torch.manual_seed(0)
parts = nn.ModuleList([nn.Linear(3, 4), nn.Linear(4, 1)])
optimizers = [torch.optim.SGD(parts[0].parameters(), lr=1e-3), torch.optim.SGD(parts[1].parameters(), lr=1e-2)]
scaler = torch.amp.GradScaler("cpu")
for epoch in range(2):
    for x in torch.randn(2, 4, 3):
        for optimizer in optimizers:
            optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = (parts[1](parts[0](x).relu()) - x.sum(1, keepdim=True)).pow(2).mean()
        scaler.scale(loss).backward()
        for optimizer in optimizers:
            scaler.step(optimizer)
        scaler.update()
    print(epoch, loss.item())
