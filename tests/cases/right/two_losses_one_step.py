"""Two losses go backward one after the other, their gradients meant to add up."""
import torch
from torch import nn

torch.manual_seed(0)
trunk = nn.Linear(4, 6)
heads = nn.ModuleDict({"cls": nn.Linear(6, 3), "reg": nn.Linear(6, 1)})
optimizer = torch.optim.SGD([*trunk.parameters(), *heads.parameters()], lr=0.1)
for epoch in range(2):
    for _ in range(2):
        x = torch.randn(4, 4)
        h = torch.relu(trunk(x))
        cls = nn.functional.cross_entropy(heads["cls"](h), torch.randint(0, 3, (4,)))
        reg = nn.functional.mse_loss(heads["reg"](h), x.sum(1, keepdim=True))
        optimizer.zero_grad()
        cls.backward(retain_graph=True)
        reg.backward()
        optimizer.step()
    print(epoch, cls.item(), reg.item())
