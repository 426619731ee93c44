"""Two losses with a backward each, one step."""
import torch
from torch import nn

torch.manual_seed(0)
body, to_class, to_value = nn.Linear(4, 8), nn.Linear(8, 3), nn.Linear(8, 1)
parameters = [p for part in (body, to_class, to_value) for p in part.parameters()]
optimizer = torch.optim.SGD(parameters, lr=0.05)
scaler = torch.amp.GradScaler("cpu")
for epoch in range(2):
    for x in torch.randn(2, 6, 4):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            features = body(x).relu()
            classed = nn.functional.cross_entropy(to_class(features), x[:, :3].argmax(1))
            valued = nn.functional.mse_loss(to_value(features), x[:, 3:])
        optimizer.zero_grad()
        scaler.scale(classed).backward(retain_graph=True)
        scaler.scale(valued).backward()
        scaler.step(optimizer)
        scaler.update()
    print(epoch, classed.item(), valued.item())
