"""Optimizers in a dict; an empty selection of them is walked over at the end."""
import torch
from torch import nn

torch.manual_seed(0)
parts = nn.ModuleDict({"enc": nn.Linear(5, 2), "dec": nn.Linear(2, 5)})
optims = {name: torch.optim.Adam(part.parameters(), lr=1e-2) for name, part in parts.items()}
for epoch in range(2):
    for x in torch.randn(2, 4, 5):
        for opt in optims.values():
            opt.zero_grad()
        loss = nn.functional.mse_loss(parts["dec"](parts["enc"](x)), x)
        loss.backward()  # expect: step-missing
        for name in ():
            optims[name].step()
    print(epoch, loss.item())
