"""Several tasks, a backward each, one step: a sum of different losses."""
import torch
from torch import nn

torch.manual_seed(0)
body = nn.Linear(4, 6)
heads = nn.ModuleDict({"sign": nn.Linear(6, 2), "size": nn.Linear(6, 3)})
optimizer = torch.optim.SGD([*body.parameters(), *heads.parameters()], lr=0.05)
for epoch in range(2):
    for x in torch.randn(2, 5, 4):
        targets = {"sign": (x.sum(1) > 0).long(), "size": x[:, :3].argmax(1)}
        optimizer.zero_grad()
        for name, head in heads.items():
            loss = nn.functional.cross_entropy(head(body(x).relu()), targets[name])
            loss.backward()
        optimizer.step()
    print(epoch, loss.item())
