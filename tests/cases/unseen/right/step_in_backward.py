"""Memory-saving updates: each parameter has its own optimizer, stepped by a hook during backward."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
owners = {p: torch.optim.SGD([p], lr=0.05) for p in model.parameters()}


def on_grad(p):
    owners[p].step()
    owners[p].zero_grad()


for p in model.parameters():
    p.register_post_accumulate_grad_hook(on_grad)

for epoch in range(2):
    for x in torch.randn(2, 4, 3):
        loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
        loss.backward()
    print(epoch, loss.item())
