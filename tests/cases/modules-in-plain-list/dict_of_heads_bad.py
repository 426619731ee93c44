"""Several heads by name, one loss each, in a flat script."""
import torch
from torch import nn


class MultiTask(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 8)
        self.heads = {"size": nn.Linear(8, 1), "kind": nn.Linear(8, 3)}  # expect: modules-in-plain-list

    def forward(self, x):
        h = torch.relu(self.body(x))
        return {name: head(h) for name, head in self.heads.items()}


torch.manual_seed(0)
model = MultiTask()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for _ in range(2):
        out = model(torch.randn(4, 4))
        loss = nn.functional.mse_loss(out["size"], torch.randn(4, 1))
        loss = loss + nn.functional.cross_entropy(out["kind"], torch.randint(3, (4,)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
