"""Several optimizers and several modules, walked in zipped loops."""
import torch
from torch import nn

torch.manual_seed(0)
modules = [nn.Linear(3, 4), nn.Linear(4, 1)]
optims = [torch.optim.SGD(m.parameters(), lr=0.1) for m in modules]
for epoch in range(2):
    for _ in range(2):
        x = torch.randn(4, 3)
        loss = (modules[1](modules[0](x).tanh()) - x.norm(dim=1, keepdim=True)).pow(2).mean()
        for o in optims:
            o.zero_grad()
        loss.backward()
        for m, o in zip(modules, optims):
            o.step()
            nn.utils.clip_grad_norm_(m.parameters(), 0.3)  # expect: clip-after-step
    print(epoch, loss.item())
